//! Hashes of what was read, so that a change of it is noticed.

use siphasher::sip128::{Hasher128, SipHasher13};
use std::fs::File;
use std::hash::Hasher as _;
use std::io::Read as _;
use std::path::Path;

/// The 128-bit SipHash of a file, in hexadecimal.
pub(crate) fn of_file(file: &Path) -> std::io::Result<String> {
    let mut reader = File::open(file)?;
    let mut hasher = SipHasher13::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(told(&hasher)),
            length => hasher.write(&buffer[..length]),
        }
    }
}

/// The 128-bit SipHash of texts, one after another, in hexadecimal.
pub(crate) fn of_texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut hasher = SipHasher13::new();
    for text in texts {
        // The length first, so that no two lists of texts are the same bytes.
        hasher.write(&(text.len() as u64).to_le_bytes());
        hasher.write(text.as_bytes());
    }
    told(&hasher)
}

fn told(hasher: &SipHasher13) -> String {
    format!("{:032x}", hasher.finish128().as_u128())
}
