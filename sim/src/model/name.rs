//! Names of pods: there are as many as pods, and most of them are short.

use std::fmt;
use std::ops::Deref;

/// The longest name in bytes that is kept in place.
const SHORT: usize = 22;

/// A name. A short one takes no memory of its own: pods come and go without any.
#[derive(Clone)]
pub struct Name(Kept);

#[derive(Clone)]
enum Kept {
    Short { len: u8, bytes: [u8; SHORT] },
    Long(Box<str>),
}

impl Name {
    /// `PREFIX-NUMBER`.
    pub fn numbered(prefix: &str, number: u64) -> Self {
        let digits = number.checked_ilog10().unwrap_or(0) as usize + 1;
        let len = prefix.len() + 1 + digits;
        if len > SHORT {
            return Self(Kept::Long(format!("{prefix}-{number}").into()));
        }
        // Written where it stays: a copy would wait for the last of the bytes.
        let mut name = Self(Kept::Short { len: len as u8, bytes: [0; SHORT] });
        if let Kept::Short { bytes, .. } = &mut name.0 {
            bytes[..prefix.len()].copy_from_slice(prefix.as_bytes());
            bytes[prefix.len()] = b'-';
            let mut rest = number;
            for place in bytes[prefix.len() + 1..len].iter_mut().rev() {
                *place = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        name
    }

    /// The name as text.
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kept::Short { len, bytes } => {
                std::str::from_utf8(&bytes[..usize::from(*len)]).expect("it was made from a text")
            }
            Kept::Long(text) => text,
        }
    }

    /// The bytes of the text.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Kept::Short { len, bytes } => &bytes[..usize::from(*len)],
            Kept::Long(text) => text.as_bytes(),
        }
    }
}

impl Default for Name {
    /// No name.
    fn default() -> Self {
        Self(Kept::Short { len: 0, bytes: [0; SHORT] })
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        if text.len() > SHORT {
            return Self(Kept::Long(text.into()));
        }
        let mut bytes = [0; SHORT];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Self(Kept::Short { len: text.len() as u8, bytes })
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        if text.len() > SHORT { Self(Kept::Long(text.into())) } else { (&*text).into() }
    }
}

impl Deref for Name {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        self
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_names_read_alike() {
        for text in ["", "p-1", "a-name-of-22-bytes----", "a-name-of-23-bytes-----", "äöü"] {
            for name in [Name::from(text), Name::from(text.to_owned())] {
                assert_eq!((&*name, name.as_bytes()), (text, text.as_bytes()));
            }
        }
        for prefix in ["", "p", "a-prefix-that-is-rather-long"] {
            for number in [0, 9, 10, 123_456_789, u64::MAX] {
                assert_eq!(*Name::numbered(prefix, number), format!("{prefix}-{number}"));
            }
        }
        assert!(Name::from("b") > Name::from("a-name-of-more-than-22-bytes"));
        assert_eq!(size_of::<Name>(), 24);
    }
}
