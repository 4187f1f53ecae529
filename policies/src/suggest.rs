//! "Did you mean": the nearest known name.

/// ": did you mean `NAME`?" for the known name nearest to `wrong`, or nothing when none is near.
pub(crate) fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let lower = wrong.to_lowercase();
    let nearest = known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .min_by_key(|(distance, _)| *distance);
    match nearest {
        // Of a short name, one that differs in most letters is not meant.
        Some((distance, name)) if distance <= 1 + wrong.chars().count() / 3 && 2 * distance <= name.chars().count() => {
            format!(": did you mean `{name}`?")
        }
        _ => String::new(),
    }
}
