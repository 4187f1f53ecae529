//! Asking for memory before it is needed. A processor that reads what is in no cache waits for it; one that was told beforehand goes on
//! meanwhile, and fetches many places at once. Nothing else comes of it: no result depends on what is asked for.

/// Bytes that come together.
const LINE: usize = 64;

/// Asks for the memory where this is, or for its first bytes if it is long.
#[inline]
pub(crate) fn prefetch<T: ?Sized>(place: &T) {
    fetch(std::ptr::from_ref(place).cast());
}

/// Asks for so many bytes from here on.
#[inline]
pub(crate) fn prefetch_bytes<T>(place: &T, bytes: usize) {
    let start: *const i8 = std::ptr::from_ref(place).cast();
    (0..bytes).step_by(LINE).for_each(|offset| fetch(start.wrapping_add(offset)));
}

/// Elsewhere nothing is asked for: stable Rust has this for one family of processors only.
#[cfg(target_arch = "x86_64")]
#[inline]
fn fetch(place: *const i8) {
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        sse._mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(place);
    }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn fetch(_place: *const i8) {}
