//! Label keys, which name resources and topologies too.
//!
//! Source: `apimachinery/pkg/api/validate/content/{kube,dns}.go`.

const NAME: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric \
                    character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
                    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and \
                         must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation \
                         is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// Checks a name with an optional domain and `/` before it.
///
/// # Errors
/// What upstream says first about the text.
pub(super) fn check(text: &str) -> Result<(), String> {
    let mut parts = text.split('/');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    if parts.next().is_some() {
        return Err(format!(
            "a valid label key {NAME} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        ));
    }
    let (domain, name) = second.map_or((None, first), |name| (Some(first), name));
    match domain {
        Some("") => return Err("prefix part must be non-empty".to_owned()),
        Some(domain) if domain.len() > 253 => return Err("prefix part must be no more than 253 bytes".to_owned()),
        Some(domain) if !domain.split('.').all(is_dns_label) => return Err(format!("prefix part {SUBDOMAIN}")),
        Some(_) | None => {}
    }
    match name {
        "" => Err("name part must be non-empty".to_owned()),
        _ if name.len() > 63 => Err("name part must be no more than 63 bytes".to_owned()),
        _ if !is_name(name) => Err(format!("name part {NAME}")),
        _ => Ok(()),
    }
}

/// Checks a label's value.
///
/// # Errors
/// As for [`check`].
pub(super) fn check_value(text: &str) -> Result<(), String> {
    if text.len() > 63 {
        return Err("must be no more than 63 bytes".to_owned());
    }
    if text.is_empty() || is_name(text) {
        return Ok(());
    }
    Err("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and \
         end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
         '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
        .to_owned())
}

fn is_dns_label(text: &str) -> bool {
    let inner = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    inner && !text.is_empty() && !text.starts_with('-') && !text.ends_with('-')
}

fn is_name(text: &str) -> bool {
    let ends = [text.bytes().next(), text.bytes().last()];
    ends.iter().all(|b| b.is_some_and(|b| b.is_ascii_alphanumeric()))
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::{check, check_value};

    /// Each text, and how the message begins; nothing for a good one.
    #[test]
    fn keys() {
        let long = "a".repeat(64);
        for (text, begin) in [
            ("zone", ""),
            ("topology.kubernetes.io/zone", ""),
            ("a.b-c/X_y.1", ""),
            ("", "name part must be non-empty"),
            ("example.com/", "name part must be non-empty"),
            ("/zone", "prefix part must be non-empty"),
            ("Example.com/zone", "prefix part a lowercase RFC 1123 subdomain must consist of"),
            ("a/b/c", "a valid label key must consist of alphanumeric characters"),
            ("a zone", "name part must consist of alphanumeric characters"),
            ("-zone", "name part must consist of alphanumeric characters"),
            (&long, "name part must be no more than 63 bytes"),
        ] {
            let found = check(text).err().unwrap_or_default();
            assert_eq!(found.is_empty(), begin.is_empty(), "{text}: {found}");
            assert!(found.starts_with(begin), "{text}: {found}");
        }
    }

    #[test]
    fn values() {
        for good in ["", "a", "a_b.c"] {
            assert_eq!(check_value(good), Ok(()));
        }
        assert!(check_value("a b").is_err_and(|text| text.starts_with("a valid label must be an empty string")));
    }
}
