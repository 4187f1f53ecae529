//! Every reader on any bytes. The first line of an input says what they are: `FORMAT nodes|pods FILE`; the rest is the file.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use towtank_traces::stream::{self, Stream};
use towtank_traces::{Context, Inputs, ReplayOptions, Times, TraceError, find_format};

fuzz_target!(|data: &[u8]| -> Corpus { if read(data).is_some() { Corpus::Keep } else { Corpus::Reject } });

/// Reads the input; nothing if its first line makes no sense.
fn read(data: &[u8]) -> Option<()> {
    let end = data.iter().position(|byte| *byte == b'\n')?;
    let mut words = std::str::from_utf8(&data[..end]).ok()?.split(' ');
    let (format, part, file) = (find_format(words.next()?).ok()?, words.next()?, words.next()?);
    let inputs = Inputs::from_bytes(file, &data[end + 1..]);
    let options = ReplayOptions { times: Times::Replay, ..ReplayOptions::default() };
    let context = Context { options, ..Context::default() };
    let result = || -> Result<(), TraceError> {
        if part == "nodes" {
            return stream::nodes(&mut *format.read_nodes(&inputs, &context)?, &context).map(drop);
        }
        let mut records = Stream::new(format.read_pods(&inputs, &context)?, &context)?;
        while records.next_record()?.is_some() {}
        Ok(())
    };
    if let Err(error) = result() {
        assert!(!error.to_string().is_empty());
    }
    Some(())
}
