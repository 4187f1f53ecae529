//! A number of pods, or a share of them.

/// An integer or a percentage, as manifests write `2` or `"30%"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntOrPercent {
    /// A number of pods, at least 0.
    Int(u32),
    /// Hundredths, 0 and up.
    Percent(u32),
}

impl IntOrPercent {
    /// The number it means out of `total`; fractions are rounded up.
    ///
    /// Source: `apimachinery/pkg/util/intstr/intstr.go`, `GetScaledValueFromIntOrPercent`.
    pub const fn of_rounded_up(self, total: u64) -> u64 {
        match self {
            Self::Int(number) => number as u64,
            Self::Percent(percent) => (total * percent as u64).div_ceil(100),
        }
    }

    /// The same; fractions are cut off.
    pub const fn of_rounded_down(self, total: u64) -> u64 {
        match self {
            Self::Int(number) => number as u64,
            Self::Percent(percent) => total * percent as u64 / 100,
        }
    }
}

impl std::str::FromStr for IntOrPercent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}` is neither a number nor a percentage: expected for example 2 or 30%");
        let digits = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
        match text.strip_suffix('%') {
            Some(percent) => digits(percent).map(Self::Percent).ok_or_else(expected),
            None => digits(text).map(Self::Int).ok_or_else(expected),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_round() {
        let check = |text: &str, total, up, down| {
            let value: IntOrPercent = text.parse().unwrap();
            assert_eq!((value.of_rounded_up(total), value.of_rounded_down(total)), (up, down), "{text} of {total}");
        };
        check("2", 10, 2, 2);
        check("33%", 3, 1, 0);
        check("34%", 3, 2, 1);
        check("0%", 7, 0, 0);
        check("100%", 7, 7, 7);
        for bad in ["", "%", "-1", "1.5%", "30 %", "+3"] {
            assert!(bad.parse::<IntOrPercent>().is_err(), "{bad}");
        }
    }
}
