//! Generated names, as the API server and the Deployment controller make them.

use crate::template::PodTemplate;
use rand::RngExt as _;
use towtank_sim::model::Name;
use towtank_sim::random::Rng;

/// The alphabet of generated names: no vowels and no digits that look like letters.
///
/// Source: `apimachinery/pkg/util/rand/rand.go`.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// Source: `apiserver/pkg/storage/names/generate.go`.
const MAX_BASE: usize = 58;
const SUFFIX: usize = 5;

/// `BASE-xxxxx`, with a base that is cut where the name would grow beyond 63 characters.
pub(super) fn pod_name(owner: &str, rng: &mut Rng) -> Name {
    let base = format!("{owner}-");
    let mut name = base[..base.len().min(MAX_BASE)].to_owned();
    name.extend((0..SUFFIX).map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len() as u64) as usize])));
    name.into()
}

/// `pod-template-hash`: FNV-32a of the template as text and of the count of collisions, in the alphabet of names.
///
/// Source: `pkg/controller/controller_utils.go`, `ComputeHash`. Upstream hashes a dump of its own types, so the characters
/// differ from a real cluster's.
pub(super) fn template_hash(template: &PodTemplate, collisions: u32) -> String {
    // As it was before pods could name a group: a template that names none is still called the same.
    let spec = format!("{:?}", template.spec);
    let spec = spec.replace(", scheduling_group: None", "").replace(", eviction_terms: None", "");
    let text = format!("{spec}{:?}{collisions}", template.run);
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.to_string().bytes().map(|digit| char::from(ALPHABET[digit as usize % ALPHABET.len()])).collect()
}
