//! The regular expressions of the priority expander, as far as they are used for names of groups.

/// Whether an expression of letters, `.`, `.*`, `^` and `$` matches somewhere in a text; `None` if it has anything else in it.
pub(super) fn matches(pattern: &str, text: &str) -> Option<bool> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let (from_start, rest) = match pattern.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let (to_end, rest) = match rest.strip_suffix('$') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let pieces: Vec<&str> = rest.split(".*").collect();
    if !pieces.iter().all(|piece| piece.chars().all(plain)) {
        return None;
    }
    // What may come before and after is as if `.*` stood there.
    let tokens: Vec<Token> = rest_tokens(&pieces, from_start, to_end);
    Some(follow(&tokens, text.as_bytes()))
}

#[derive(Clone, Copy)]
enum Token {
    Any,
    One(u8),
    Many,
}

fn rest_tokens(pieces: &[&str], from_start: bool, to_end: bool) -> Vec<Token> {
    let token = |byte: u8| if byte == b'.' { Token::Any } else { Token::One(byte) };
    let mut tokens = Vec::new();
    if !from_start {
        tokens.push(Token::Many);
    }
    for (i, piece) in pieces.iter().enumerate() {
        if i > 0 {
            tokens.push(Token::Many);
        }
        tokens.extend(piece.bytes().map(token));
    }
    if !to_end {
        tokens.push(Token::Many);
    }
    tokens
}

fn follow(tokens: &[Token], text: &[u8]) -> bool {
    match (tokens.first(), text.first()) {
        (None, None) => true,
        (Some(Token::Many), _) => (0..=text.len()).any(|skipped| follow(&tokens[1..], &text[skipped..])),
        (Some(Token::Any), Some(_)) => follow(&tokens[1..], &text[1..]),
        (Some(Token::One(byte)), Some(first)) => byte == first && follow(&tokens[1..], &text[1..]),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn names_are_matched_anywhere() {
        assert_eq!(matches(".*demand.*", "ondemand"), Some(true));
        assert_eq!(matches("spot-b", "my-spot-b-2"), Some(true));
        assert_eq!(matches("^spot-b$", "my-spot-b-2"), Some(false));
        assert_eq!(matches("sp.t", "spot"), Some(true));
        assert_eq!(matches("^a.*z$", "abc-z"), Some(true));
        assert_eq!(matches("a|b", "a"), None);
    }
}
