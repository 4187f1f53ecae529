//! Names of pods: there are as many as pods, and most of them are short.

use std::fmt::{self, Write as _};
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
    /// The name that a format gives, as in `Name::of(format_args!("{prefix}-{number}"))`.
    pub fn of(format: fmt::Arguments<'_>) -> Self {
        let mut writer = Writer { len: 0, bytes: [0; SHORT] };
        match writer.write_fmt(format) {
            Ok(()) => Self(Kept::Short { len: writer.len as u8, bytes: writer.bytes }),
            Err(fmt::Error) => fmt::format(format).into(),
        }
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

/// Writes into a short name, and fails where that is too short.
struct Writer {
    len: usize,
    bytes: [u8; SHORT],
}

impl fmt::Write for Writer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let place = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
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
            let names = [Name::from(text), Name::from(text.to_owned()), Name::of(format_args!("{text}"))];
            for name in &names {
                assert_eq!((&**name, name.as_bytes(), name == &names[0]), (text, text.as_bytes(), true));
            }
        }
        assert_eq!(Name::of(format_args!("{}-{}", "a-prefix-of-some-length", 7)).as_str(), "a-prefix-of-some-length-7");
        assert!(Name::from("b") > Name::from("a-name-of-more-than-22-bytes"));
        assert_eq!(size_of::<Name>(), 24);
    }
}
