//! Lists by slot or by number.

/// The place of this index in a list, which is made long enough.
#[inline]
pub(super) fn place<T: Default>(list: &mut Vec<T>, index: usize) -> &mut T {
    if list.len() <= index {
        list.resize_with(index + 1, T::default);
    }
    &mut list[index]
}
