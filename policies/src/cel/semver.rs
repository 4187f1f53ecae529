//! Semantic versions in expressions: `semver("1.2.3")` and what can be done with one.
//!
//! Source: `staging/src/k8s.io/apiserver/pkg/cel/library/semverlib.go`, `github.com/blang/semver/v4`.

use super::{argument, function_error};
use ::cel::common::types::{BOOL_TYPE, CelBool, CelInt, CelString, STRING_TYPE, Type};
use ::cel::common::value::{CowVal, StaticVal, Val};
use ::cel::{DeclarationError, Env, ExecutionError};
use std::any::Any;
use std::cmp::Ordering;
use std::str::FromStr;

/// A semantic version (2.0.0). Build metadata does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Semver {
    numbers: [u64; 3],
    pre: Vec<Identifier>,
}

/// One part of what stands behind `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    /// Numbers are before words.
    Number(u64),
    Word(String),
}

/// A version as a value.
#[derive(Clone, Debug)]
pub(super) struct SemverValue(pub(super) Semver);

static SEMVER: Type = Type::new_unspecified_type("kubernetes.Semver");

/// Declares the functions.
pub(super) fn extension(env: &mut Env) -> Result<(), DeclarationError> {
    let v = || SEMVER.to_owned();
    env.add_type(v())?;
    env.add_overload("semver", "string_to_semver", vec![STRING_TYPE], |args| {
        let version = parse(argument::<CelString<'_>>(&args, 0)?.inner(), false);
        Ok(CowVal::owned(SemverValue(version.map_err(|error| function_error("semver", error))?)))
    })?;
    env.add_overload("semver", "string_bool_to_semver", vec![STRING_TYPE, BOOL_TYPE], |args| {
        let normalize = *argument::<CelBool>(&args, 1)?.inner();
        let version = parse(argument::<CelString<'_>>(&args, 0)?.inner(), normalize);
        Ok(CowVal::owned(SemverValue(version.map_err(|error| function_error("semver", error))?)))
    })?;
    env.add_overload("isSemver", "is_semver_string", vec![STRING_TYPE], |args| {
        let text = argument::<CelString<'_>>(&args, 0)?;
        Ok(CowVal::owned(CelBool::from(parse(text.inner(), false).is_ok())))
    })?;
    env.add_overload("isSemver", "is_semver_string_bool", vec![STRING_TYPE, BOOL_TYPE], |args| {
        let normalize = *argument::<CelBool>(&args, 1)?.inner();
        let text = argument::<CelString<'_>>(&args, 0)?;
        Ok(CowVal::owned(CelBool::from(parse(text.inner(), normalize).is_ok())))
    })?;
    env.add_member_overload("isGreaterThan", "semver_is_greater_than", v(), vec![v()], |args| {
        compare(&args, |order| CowVal::owned(CelBool::from(order == Ordering::Greater)))
    })?;
    env.add_member_overload("isLessThan", "semver_is_less_than", v(), vec![v()], |args| {
        compare(&args, |order| CowVal::owned(CelBool::from(order == Ordering::Less)))
    })?;
    env.add_member_overload("compareTo", "semver_compare_to", v(), vec![v()], |args| {
        compare(&args, |order| CowVal::owned(CelInt::from(order as i64)))
    })?;
    env.add_member_overload("major", "semver_major", v(), vec![], |args| number(&args, 0))?;
    env.add_member_overload("minor", "semver_minor", v(), vec![], |args| number(&args, 1))?;
    env.add_member_overload("patch", "semver_patch", v(), vec![], |args| number(&args, 2))
}

fn compare<'b, 'v>(
    args: &[CowVal<'b, 'v>],
    answer: impl FnOnce(Ordering) -> CowVal<'b, 'v>,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let (a, b) = (argument::<SemverValue>(args, 0)?, argument::<SemverValue>(args, 1)?);
    Ok(answer(a.0.cmp(&b.0)))
}

fn number<'b, 'v>(args: &[CowVal<'b, 'v>], index: usize) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let number = argument::<SemverValue>(args, 0)?.0.numbers[index];
    Ok(CowVal::owned(CelInt::from(number.cast_signed())))
}

/// The version of a text. Normalising takes a `v` away from its front and leading zeros from its numbers, and adds numbers
/// that are missing.
fn parse(text: &str, normalize: bool) -> Result<Semver, String> {
    if !normalize {
        return text.parse();
    }
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<String> = text.splitn(3, '.').map(without_leading_zeros).collect();
    if parts.len() < 3 && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
        return Err("short version cannot contain PreRelease/Build meta data".to_owned());
    }
    parts.resize(3, "0".to_owned());
    parts.join(".").parse()
}

fn without_leading_zeros(part: &str) -> String {
    if part.len() < 2 {
        return part.to_owned();
    }
    let rest = part.trim_start_matches('0');
    if rest.starts_with(|c: char| c.is_ascii_digit()) { rest.to_owned() } else { format!("0{rest}") }
}

impl FromStr for Semver {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("Version string empty".to_owned());
        }
        let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
        let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
        let mut parts = core.splitn(3, '.');
        let mut next = |name: &str| {
            let part = parts.next().ok_or_else(|| "No Major.Minor.Patch elements found".to_owned())?;
            if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(format!("Invalid character(s) found in {name} number {part:?}"));
            }
            if part.len() > 1 && part.starts_with('0') {
                return Err(format!("{name} number must not contain leading zeroes {part:?}"));
            }
            part.parse::<u64>().map_err(|error| error.to_string())
        };
        let numbers = [next("Major")?, next("Minor")?, next("Patch")?];
        let words = |list: &str| list.split('.').map(str::to_owned).collect::<Vec<String>>();
        for word in build.map(words).unwrap_or_default() {
            check_word(&word, "Build meta data")?;
        }
        let pre = pre.map(words).unwrap_or_default();
        Ok(Self { numbers, pre: pre.into_iter().map(identifier).collect::<Result<_, _>>()? })
    }
}

fn identifier(word: String) -> Result<Identifier, String> {
    check_word(&word, "Prerelease")?;
    if !word.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(Identifier::Word(word));
    }
    if word.len() > 1 && word.starts_with('0') {
        return Err(format!("Numeric PreRelease version must not contain leading zeroes {word:?}"));
    }
    word.parse().map(Identifier::Number).map_err(|error| error.to_string())
}

fn check_word(word: &str, name: &str) -> Result<(), String> {
    if word.is_empty() {
        return Err(format!("{name} is empty"));
    }
    if word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Ok(());
    }
    Err(format!("Invalid character(s) found in {name} {word:?}"))
}

impl PartialOrd for Semver {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Semver {
    /// A version with something behind `-` is before the one without.
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => self.pre.cmp(&other.pre),
        })
    }
}

impl Val for SemverValue {
    fn get_type(&self) -> &Type {
        Self::cel_type()
    }

    fn cel_type() -> &'static Type {
        &SEMVER
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other.downcast_ref::<Self>().is_some_and(|other| self.0 == other.0)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for SemverValue {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_the_specification_says() {
        let ordered = [
            "0.9.9",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.10.0",
            "2.0.0",
        ];
        for pair in ordered.windows(2) {
            let [a, b] = [pair[0], pair[1]].map(|text| text.parse::<Semver>().unwrap());
            assert!(a < b, "{} < {}", pair[0], pair[1]);
        }
        assert_eq!("1.0.0+a".parse::<Semver>(), "1.0.0+b".parse());
    }

    #[test]
    fn what_is_a_version_and_what_normalising_makes_one() {
        for bad in ["", "1", "1.2", "v1.2.3", "01.2.3", "1.2.3.4", "1.2.3-", "1.2.3-01", "1.2.3+", "a.b.c", "1.2.-3"] {
            assert!(bad.parse::<Semver>().is_err(), "{bad}");
        }
        for (text, same) in [
            ("v1.0", "1.0.0"),
            ("01.01.01", "1.1.1"),
            ("1", "1.0.0"),
            ("1.2.03-rc.1", "1.2.3-rc.1"),
            ("000.0.1", "0.0.1"),
        ] {
            assert_eq!(parse(text, true), same.parse(), "{text}");
        }
        assert!(parse("1.0-rc", true).is_err());
    }
}
