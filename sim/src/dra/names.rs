//! Names of claims that are made for pods.

/// The longest name that is generated, without what is added at its end.
///
/// Source: `staging/src/k8s.io/apiserver/pkg/storage/names/generate.go`.
const MAX_BASE: usize = 58;

/// The letters of what is added.
///
/// Source: `staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go`.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A name that begins with `base`. Upstream's server draws the five letters at its end; here they follow from the uid of the
/// pod.
pub fn generated_name(base: &str, uid: u64) -> String {
    let mut rest = uid;
    let letters = (0..5).map(|_| {
        let letter = LETTERS[(rest % LETTERS.len() as u64) as usize];
        rest /= LETTERS.len() as u64;
        char::from(letter)
    });
    base.chars().take(MAX_BASE).chain(letters).collect()
}
