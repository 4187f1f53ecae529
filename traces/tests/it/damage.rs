//! The corpus, damaged: what is wrong with a file is an error that names it, and never a panic.

use std::path::{Path, PathBuf};
use towtank_traces::{Context, FORMATS, Format, Inputs};

fn corpus(format: &Format) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(format.name)
}

/// Reads both parts to their ends, as far as that goes: how many records came, and what was wrong.
fn read(format: &Format, inputs: &Inputs) -> (usize, Vec<String>) {
    let context = Context::default();
    let (mut records, mut errors) = (0, Vec::new());
    for opened in [format.read_nodes(inputs, &context), format.read_pods(inputs, &context)] {
        let mut reader = match opened {
            Ok(reader) => reader,
            Err(error) => {
                errors.push(error.to_string());
                continue;
            }
        };
        loop {
            match reader.next() {
                Ok(Some(_)) => records += 1,
                Ok(None) => break,
                Err(error) => {
                    errors.push(error.to_string());
                    break;
                }
            }
        }
    }
    (records, errors)
}

/// The files of a format's corpus with their content.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

fn inputs(files: &[(String, Vec<u8>)]) -> Inputs {
    files.iter().fold(Inputs::default(), |inputs, (name, bytes)| inputs.and(name, bytes.clone()))
}

#[test]
fn damaged_files_are_errors_that_name_them() {
    for format in FORMATS.iter().filter(|format| corpus(format).is_dir()) {
        let whole = files(&corpus(format));
        for (number, (name, bytes)) in whole.iter().enumerate() {
            let mut variants: Vec<Vec<u8>> = vec![Vec::new(), b"\n\n".to_vec(), b"what else\n".to_vec()];
            variants.extend((0..bytes.len()).step_by(7).map(|cut| bytes[..cut].to_vec()));
            for (i, byte) in [0xff_u8, b'"', b',', b'\n', b'-', b'9', 0, b'{'].into_iter().enumerate() {
                variants.extend((i..bytes.len()).step_by(11).map(|place| {
                    let mut bytes = bytes.clone();
                    bytes[place] = byte;
                    bytes
                }));
            }
            // A file alone, and beside the others.
            for bytes in variants {
                let alone = [(name.clone(), bytes.clone())];
                let mut beside = whole.clone();
                beside[number].1 = bytes;
                for files in [&alone[..], &beside] {
                    let (_, errors) = read(format, &inputs(files));
                    for error in errors {
                        let named = files.iter().any(|(name, _)| error.contains(name.as_str()));
                        assert!(named || error.contains("have no"), "{}: {error}", format.name);
                    }
                }
            }
        }
    }
}

#[test]
fn the_corpus_itself_can_be_read() {
    for format in FORMATS.iter().filter(|format| corpus(format).is_dir()) {
        let folder = Inputs::open(&[corpus(format)]).unwrap();
        let (records, errors) = read(format, &folder);
        assert!(records > 0, "{}: {errors:?}", format.name);
    }
}
