//! Finds the line of a field by parsing the text a second time, with marks. Only messages need it.

use super::field::{FieldPath, Step};
use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

/// The documents of a text with the places of all that is in them: as much work as reading it, for any number of fields.
pub(super) struct Marks<'t>(Vec<MarkedYaml<'t>>);

impl<'t> Marks<'t> {
    /// Those of a text; none if it is no YAML.
    pub(super) fn of(text: &'t str) -> Self {
        Self(MarkedYaml::load_from_str(text).unwrap_or_default())
    }

    /// Line and column, both from 1, of the field at `path` in the document with this index. Where the path leads nowhere, the
    /// deepest field on it that exists; `None` where there is no such document.
    ///
    /// A scalar is where its value is; anything else is where its key is.
    pub(super) fn locate(&self, document: usize, path: &FieldPath) -> Option<(usize, usize)> {
        let mut node = self.0.get(document)?;
        let mut found = position(node);
        for step in &path.0 {
            match (step, &node.data) {
                (Step::Key(key), YamlData::Mapping(map)) => {
                    let Some((key, value)) = map.iter().find(|(k, _)| as_str(k) == Some(key)) else { break };
                    let scalar = matches!(value.data, YamlData::Value(_) | YamlData::Representation(..));
                    found = if scalar && value.span.start.line() > 0 { position(value) } else { position(key) };
                    node = value;
                }
                (Step::Index(index), YamlData::Sequence(items)) => {
                    let Some(item) = items.get(*index) else { break };
                    found = position(item);
                    node = item;
                }
                _ => break,
            }
        }
        Some(found)
    }
}

fn position(node: &MarkedYaml<'_>) -> (usize, usize) {
    (node.span.start.line(), node.span.start.col() + 1)
}

fn as_str<'n>(node: &'n MarkedYaml<'_>) -> Option<&'n str> {
    match &node.data {
        YamlData::Value(Scalar::String(text)) | YamlData::Representation(text, ..) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_in_block_and_flow_style_and_in_later_documents() {
        let text = "# a comment\na: 1\n---\nspec:\n  list:\n  - x: 1\n    y:\n      z: 2\n  - {x: 3, y: {z: 4}}\n---\nlast: 1\n";
        let marks = Marks::of(text);
        let find = |document, steps: &[Step]| marks.locate(document, &FieldPath(steps.to_vec()));
        let key = |k: &str| Step::Key(k.to_owned());
        assert_eq!(find(0, &[key("a")]), Some((2, 4)));
        assert_eq!(find(1, &[key("spec"), key("list"), Step::Index(0), key("y"), key("z")]), Some((8, 10)));
        assert_eq!(find(1, &[key("spec"), key("list"), Step::Index(1), key("y"), key("z")]), Some((9, 19)));
        assert_eq!(find(1, &[key("spec"), key("list"), Step::Index(0), key("y")]), Some((7, 5)));
        assert_eq!(find(1, &[key("spec"), key("missing")]), Some((4, 1)), "the deepest field that exists");
        assert_eq!(find(2, &[key("last")]), Some((11, 7)));
        assert_eq!(find(3, &[]), None);
    }
}
