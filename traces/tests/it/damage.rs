//! Every format's files, damaged in every way in which files come to harm: one clear error each, and never a panic.
//!
//! The corpus is `tests/corpus/FORMAT/`: rows of the format's schema, written for this.

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use towtank_traces::stream::{self, Stream};
use towtank_traces::{Context, FORMATS, Format, Inputs, ReplayOptions, Times, TraceError, detect};

/// A file of the corpus: its name and its bytes.
type File = (String, Vec<u8>);

fn corpus(format: &Format) -> Vec<File> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(format.name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<File> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (format!("{}/{name}", format.name), std::fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn inputs(files: &[File]) -> Inputs {
    files.iter().fold(Inputs::default(), |inputs, (name, bytes)| inputs.and(name, bytes.clone()))
}

fn context() -> Context {
    Context { options: ReplayOptions { times: Times::Replay, ..ReplayOptions::default() }, ..Context::default() }
}

/// Reads nodes, or pods, to the end; how many records there are.
fn read(format: &Format, part: &str, files: &[File]) -> Result<usize, TraceError> {
    let (inputs, context) = (inputs(files), context());
    if part == "nodes" {
        let mut reader = format.read_nodes(&inputs, &context)?;
        stream::nodes(&mut *reader, &context)?;
        // Some tell of Kubernetes objects, which are no nodes yet.
        let (mut reader, mut count) = (format.read_nodes(&inputs, &context)?, 0);
        while reader.next()?.is_some() {
            count += 1;
        }
        return Ok(count);
    }
    let mut stream = Stream::new(format.read_pods(&inputs, &context)?, &context)?;
    let mut count = 0;
    while stream.next_record()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// The files with which a part of a format is read: all of them; or, where the other part's files would be in the way, those whose
/// names say so, or the first one that is enough.
fn files_for(format: &Format, part: &str) -> Vec<File> {
    let all = corpus(format);
    let named: Vec<File> = all.iter().filter(|(name, _)| name.contains(part)).cloned().collect();
    let candidates = [all.clone(), named].into_iter().chain(all.into_iter().map(|file| vec![file]));
    let files = candidates.into_iter().find(|files| read(format, part, files).is_ok_and(|records| records > 0));
    files.unwrap_or_else(|| panic!("no file of the corpus gives {part} of {}", format.name))
}

fn parts(format: &Format) -> Vec<&'static str> {
    let missing = |result: Result<(), TraceError>| matches!(result, Err(TraceError::NoSuchPart { .. }));
    let none = Inputs::from_bytes("none", "");
    let has_nodes = !missing(format.read_nodes(&none, &context()).map(drop));
    let has_pods = !missing(format.read_pods(&none, &context()).map(drop));
    [("nodes", has_nodes), ("pods", has_pods)].into_iter().filter(|(_, has)| *has).map(|(part, _)| part).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The last row of a text, and what is before it.
fn last_row(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.trim_ascii_end().len();
    let start = bytes[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |feed| feed + 1);
    (&bytes[..start], &bytes[start..end])
}

fn is_csv(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "csv")
}

/// What stands between the fields of a CSV file, and what some other one has there.
fn delimiters(bytes: &[u8]) -> (u8, u8) {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if first.contains(&b';') { (b';', b',') } else { (b',', b';') }
}

/// The ways in which a file is damaged: what it is called, and what it does; nothing where it does not apply.
type Damage = (&'static str, fn(&str, &[u8]) -> Option<Vec<u8>>);

const DAMAGES: &[Damage] = &[
    ("a truncated gzip", |_, bytes| {
        let packed = gzip(bytes);
        Some(packed[..packed.len() / 2].to_vec())
    }),
    ("a wrong delimiter", |name, bytes| {
        let (right, wrong) = delimiters(bytes);
        is_csv(name).then(|| bytes.iter().map(|byte| if *byte == right { wrong } else { *byte }).collect())
    }),
    ("not UTF-8", |name, bytes| {
        let (before, last) = last_row(bytes);
        if is_csv(name) {
            let (between, _) = delimiters(bytes);
            let fields = last.split(|byte| *byte == between).count();
            return Some([before, &vec![b"\xff".as_slice(); fields].join(&[between][..]), b"\n"].concat());
        }
        // Into the first text that there is, or the first word.
        let quote = bytes.iter().position(|byte| *byte == b'"').map_or(0, |at| at + 1);
        Some([&bytes[..quote], b"\xff\xfe", &bytes[quote..]].concat())
    }),
    ("a row with too few fields", |name, bytes| {
        let (before, last) = last_row(bytes);
        let (between, _) = delimiters(bytes);
        let cut = last.iter().rposition(|byte| *byte == between)?;
        is_csv(name).then(|| [before, &last[..cut], b"\n"].concat())
    }),
    ("a file that breaks off", |name, bytes| (!is_csv(name)).then(|| bytes[..bytes.len() * 2 / 3].to_vec())),
    ("a file of another format", |_, _| Some(b"This is a letter,\nand no trace at all.\n".to_vec())),
    ("an empty file", |_, _| Some(Vec::new())),
];

#[test]
fn the_corpus_is_read_and_tells_its_format() {
    for format in FORMATS {
        for part in parts(format) {
            let files = files_for(format, part);
            assert!(read(format, part, &files).unwrap() > 0, "{} {part}", format.name);
            let packed: Vec<File> = files.iter().map(|(name, bytes)| (name.clone(), gzip(bytes))).collect();
            assert_eq!(read(format, part, &packed).unwrap(), read(format, part, &files).unwrap(), "{}", format.name);
            for file in files {
                let found = detect(&inputs(std::slice::from_ref(&file))).map(|format| format.name);
                assert_eq!(found, Some(format.name), "{}", file.0);
            }
        }
    }
}

#[test]
fn every_damage_of_every_file_is_one_clear_error() {
    let mut table = String::new();
    for format in FORMATS {
        for (damage, harm) in DAMAGES {
            for (i, (name, _)) in corpus(format).iter().enumerate() {
                let mut errors = Vec::new();
                for part in parts(format) {
                    let mut files = files_for(format, part);
                    let Some(place) = files.iter().position(|(other, _)| other == name) else { continue };
                    let Some(bytes) = harm(name, &files[place].1) else { continue };
                    files[place].1 = bytes;
                    errors.push(read(format, part, &files).err().map(|error| error.to_string()));
                }
                if errors.is_empty() {
                    continue;
                }
                // A file that one part does not read harms the other one.
                let error = errors.into_iter().flatten().next();
                let error = error.unwrap_or_else(|| panic!("{damage} of {name} ({i}) is no error"));
                assert!(error.contains(name.as_str()), "{damage} of {name}: {error}");
                let says = ["expected", "truncated", "this is not", "breaks off", "UTF-8", "unicode", "line"];
                assert!(says.iter().any(|word| error.contains(word)), "{damage} of {name}: {error}");
                assert!(error.len() < 1200 && !error.contains('\n'), "{damage} of {name}: {error}");
                let _ = writeln!(table, "{damage} of {name}: {error}");
            }
        }
    }
    // To look at them: `cargo test -p towtank-traces damage -- --nocapture`.
    println!("{table}");
}

/// Bytes changed at random places.
fn mutated(mut bytes: Vec<u8>, changes: &[(u8, prop::sample::Index, u8)]) -> Vec<u8> {
    for (kind, place, byte) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = place.index(bytes.len());
        match kind % 7 {
            0 => bytes[at] = *byte,
            1 => bytes.insert(at, *byte),
            2 => drop(bytes.remove(at)),
            3 => bytes.truncate(at),
            // Digits make numbers larger and times earlier, which parsing lets through.
            4 => bytes[at] = b'0' + byte % 10,
            5 => bytes.insert(at, b",-9.\n\"eE"[usize::from(*byte) % 8]),
            _ => {
                let line = bytes[at..].split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default().to_vec();
                bytes.splice(at..at, line);
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(2000), ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_a_file_panics(
        format in 0..FORMATS.len(),
        file in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<u8>(), any::<prop::sample::Index>(), any::<u8>()), 1..6),
        packed in prop::bool::weighted(0.1),
    ) {
        let format = &FORMATS[format];
        for part in parts(format) {
            let mut files = files_for(format, part);
            let place = file.index(files.len());
            let bytes = mutated(files[place].1.clone(), &changes);
            files[place].1 = if packed { gzip(&bytes) } else { bytes };
            if let Err(error) = read(format, part, &files) {
                let error = error.to_string();
                prop_assert!(files.iter().any(|(name, _)| error.contains(name.as_str())), "{}", error);
            }
        }
    }
}
