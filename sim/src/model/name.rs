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

/// Gives names `PREFIX-NUMBER` for numbers that mostly follow one another: from one to the next few digits change.
#[derive(Clone, Debug)]
pub struct Numbering {
    prefix: String,
    /// The number whose name is at hand.
    number: u64,
    next: Name,
}

impl Numbering {
    /// Names that begin so.
    pub fn new(prefix: impl Into<String>) -> Self {
        let prefix = prefix.into();
        Self { number: 0, next: Name::numbered(&prefix, 0), prefix }
    }

    /// What they begin with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The name of a number.
    pub fn name(&mut self, number: u64) -> Name {
        if number != self.number {
            self.next = Name::numbered(&self.prefix, number);
        }
        let name = self.next.clone();
        // Now, and not when it is needed: a copy would wait for the last of the digits.
        self.number = number.wrapping_add(1);
        if self.number == 0 || !self.next.count_up(self.prefix.len() + 1) {
            self.next = Name::numbered(&self.prefix, self.number);
        }
        name
    }
}

impl Name {
    /// Makes the number that begins at a byte one greater; whether that was possible without another digit.
    fn count_up(&mut self, digits: usize) -> bool {
        let Kept::Short { len, bytes } = &mut self.0 else { return false };
        for digit in bytes[digits..usize::from(*len)].iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                return true;
            }
            *digit = b'0';
        }
        false
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
    fn numbers_that_follow_one_another_have_the_names_that_they_have_by_themselves() {
        for prefix in ["", "p", "a-name-of-18-bytes", "a-prefix-that-is-rather-long"] {
            let mut numbering = Numbering::new(prefix);
            for number in (0..1200).chain(99_990..100_010).chain([5, 6, u64::MAX, 0, 1]) {
                assert_eq!(numbering.name(number), Name::numbered(prefix, number));
            }
        }
    }

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
