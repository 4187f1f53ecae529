//! Records as bytes, for files in which they wait.

use crate::record::{Event, FileId, Place, Record, Submitted};
use crate::shapes::{NameId, ShapeId};
use towtank_sim::model::Name;
use towtank_sim::model::pod::{Run, Usage};
use towtank_sim::time::Span;

/// Appends a record. What is neither a submission nor a kill is not written: it stays in `kept`, and its place there is.
pub(super) fn put(record: Record, kept: &mut Vec<Option<Event>>, out: &mut Vec<u8>) {
    put_i64(out, record.place.line as i64);
    put_u32(out, record.place.file.0);
    match record.event {
        Event::Submitted(job) => {
            out.push(0);
            put_job(&job, out);
        }
        Event::Killed { namespace, name } => {
            out.push(1);
            put_text(out, &namespace);
            put_text(out, name.as_str());
        }
        other => {
            out.push(2);
            put_u32(out, kept.len() as u32);
            kept.push(Some(other));
        }
    }
}

/// Reads what [`put`] wrote, but for the time.
pub(super) fn get(at: i64, mut bytes: &[u8], kept: &mut [Option<Event>]) -> Record {
    let b = &mut bytes;
    let place = Place { line: get_i64(b) as u64, file: FileId(get_u32(b)) };
    let event = match get_u8(b) {
        0 => Event::Submitted(get_job(b)),
        1 => Event::Killed { namespace: get_text(b).into(), name: get_text(b).into() },
        _ => kept[get_u32(b) as usize].take().expect("each is read once"),
    };
    Record { at, place, event }
}

fn put_job(job: &Submitted, out: &mut Vec<u8>) {
    put_text(out, job.name.as_str());
    put_u32(out, job.shape.0);
    put_text(out, job.group.as_ref().map_or("", Name::as_str));
    for id in [job.user, job.queue] {
        put_u32(out, id.map_or(u32::MAX, |id| id.index() as u32));
    }
    put_u32(out, job.pods);
    out.push(u8::from(job.gang));
    let (kind, span) = match job.run {
        Run::Forever => (0, Span::ZERO),
        Run::Succeeds(span) => (1, span),
        Run::Fails(span) => (2, span),
    };
    out.push(kind);
    put_i64(out, span.0);
    for span in [job.estimate, job.waited] {
        put_i64(out, span.map_or(i64::MIN, |span| span.0));
    }
    put_u32(out, u32::from(job.usage.cpu) << 16 | u32::from(job.usage.memory));
}

fn get_job(b: &mut &[u8]) -> Submitted {
    let name: Name = get_text(b).into();
    let shape = ShapeId(get_u32(b));
    let group = Some(get_text(b)).filter(|name| !name.is_empty()).map(Name::from);
    let [user, queue] = [(); 2].map(|()| Some(get_u32(b)).filter(|id| *id != u32::MAX).map(NameId::new));
    let pods = get_u32(b);
    let gang = get_u8(b) != 0;
    let (kind, span) = (get_u8(b), Span(get_i64(b)));
    let run = match kind {
        0 => Run::Forever,
        1 => Run::Succeeds(span),
        _ => Run::Fails(span),
    };
    let [estimate, waited] = [(); 2].map(|()| Some(get_i64(b)).filter(|span| *span != i64::MIN).map(Span));
    let usage = get_u32(b);
    let usage = Usage { cpu: (usage >> 16) as u16, memory: usage as u16 };
    Submitted { name, shape, user, queue, group, pods, gang, run, estimate, waited, usage }
}

fn put_u32(out: &mut Vec<u8>, n: u32) {
    out.extend_from_slice(&n.to_le_bytes());
}

fn put_i64(out: &mut Vec<u8>, n: i64) {
    out.extend_from_slice(&n.to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_u32(out, text.len() as u32);
    out.extend_from_slice(text.as_bytes());
}

// What is read here was written above: that it is not is a mistake of ours.
fn take<'b>(b: &mut &'b [u8], n: usize) -> &'b [u8] {
    b.split_off(..n).expect("a whole record")
}

fn get_u8(b: &mut &[u8]) -> u8 {
    take(b, 1)[0]
}

fn get_u32(b: &mut &[u8]) -> u32 {
    u32::from_le_bytes(take(b, 4).try_into().expect("four bytes"))
}

fn get_i64(b: &mut &[u8]) -> i64 {
    i64::from_le_bytes(take(b, 8).try_into().expect("eight bytes"))
}

fn get_text<'b>(b: &mut &'b [u8]) -> &'b str {
    let len = get_u32(b) as usize;
    std::str::from_utf8(take(b, len)).expect("it was a text")
}
