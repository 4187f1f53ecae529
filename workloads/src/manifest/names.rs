//! The grammars of names and labels.
//!
//! Source: `apimachinery/pkg/util/validation/validation.go`.

use super::field::{At, FieldError};
use std::collections::BTreeMap;

/// Checks an object's name: a DNS-1123 subdomain.
pub(super) fn check_name(name: &str, at: &At<'_>) -> Result<(), FieldError> {
    if is_subdomain(name) {
        return Ok(());
    }
    Err(at.error(format_args!(
        "`{name}` is not a name: expected at most 253 lower-case letters, digits, `-` and `.`, with a letter or digit at \
         both ends"
    )))
}

/// Checks a name that is a DNS-1123 label: without dots, and short.
pub(super) fn check_domain_label(name: &str, at: &At<'_>) -> Result<(), FieldError> {
    if name.len() <= 63 && !name.contains('.') && is_subdomain(name) {
        return Ok(());
    }
    Err(at.error(format_args!(
        "`{name}` is not a name here: expected at most 63 lower-case letters, digits and `-`, with a letter or digit at \
         both ends"
    )))
}

/// Checks a label set.
pub(super) fn check_labels(labels: &BTreeMap<String, String>, at: &At<'_>) -> Result<(), FieldError> {
    for (key, value) in labels {
        check_label_key(key, &at.key(key))?;
        check_label_value(value, &at.key(key))?;
    }
    Ok(())
}

/// Checks a label key or a taint key: a name with an optional prefix.
///
/// Source of the words: `apimachinery/pkg/api/validate/content/kube.go`, `IsLabelKey`.
pub(super) fn check_label_key(key: &str, at: &At<'_>) -> Result<(), FieldError> {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let wrong = match prefix {
        Some("") => "prefix part must be non-empty",
        Some(prefix) if !is_subdomain(prefix) => {
            "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and \
             must start and end with an alphanumeric character"
        }
        _ if name.is_empty() => "name part must be non-empty",
        _ if !is_word(name) => {
            "name part must consist of alphanumeric characters, '-', '_' or '.', at most 63 of them, and must start and end \
             with an alphanumeric character"
        }
        _ => return Ok(()),
    };
    Err(at.error(format_args!("Invalid value: {key:?}: {wrong}")))
}

/// Checks a label value.
pub(super) fn check_label_value(value: &str, at: &At<'_>) -> Result<(), FieldError> {
    if is_word(value) {
        return Ok(());
    }
    Err(at.error(format_args!(
        "`{value}` is not a label value: expected at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit \
         at both ends"
    )))
}

fn is_subdomain(text: &str) -> bool {
    let part = |p: &str| {
        p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !p.is_empty()
            && !p.starts_with('-')
            && !p.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(part)
}

fn is_word(text: &str) -> bool {
    text.len() <= 63
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && text.bytes().next().is_none_or(|b| b.is_ascii_alphanumeric())
        && text.bytes().last().is_none_or(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels() {
        for good in ["a", "web-1", "n1.example.com", "0"] {
            assert_eq!(check_name(good, &At::ROOT), Ok(()), "{good}");
        }
        for bad in ["", "Web", "-a", "a-", "a..b", "a_b", &"a".repeat(254)] {
            assert!(check_name(bad, &At::ROOT).is_err(), "{bad}");
        }
        for good in ["app", "kubernetes.io/hostname", "a.b/C_d"] {
            assert_eq!(check_label_key(good, &At::ROOT), Ok(()), "{good}");
        }
        for bad in ["", "/a", "a/", "A/b", "a b", "-a"] {
            assert!(check_label_key(bad, &At::ROOT).is_err(), "{bad}");
        }
        assert_eq!(check_label_value("", &At::ROOT), Ok(()));
        assert!(check_label_value("a b", &At::ROOT).is_err());
    }
}
