//! Parquet files as tables in text: whatever is read from CSV is read from them as well.
//!
//! Columns are written by their names, numbers as they are stored (a time stamp is the number of its milliseconds, microseconds or
//! nanoseconds), nulls as blanks. Columns of lists, maps and groups are passed over. Memory follows the pages at hand.

use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;
use std::io::{Error, Read, Result};
use std::sync::Arc;

/// How many rows are written at a time.
const ROWS: usize = 1024;

/// The rows of a file as CSV with a header.
pub(crate) fn rows(file: impl ChunkReader + 'static) -> Result<impl Read + Send> {
    let reader = SerializedFileReader::new(file).map_err(broken)?;
    let schema = reader.metadata().file_metadata().schema().clone();
    let flat: Vec<Arc<Type>> = schema.get_fields().iter().filter(|field| field.is_primitive()).cloned().collect();
    if flat.is_empty() {
        return Err(Error::other("the Parquet file has no plain column"));
    }
    let names: Vec<&str> = flat.iter().map(|field| field.name()).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&names)?;
    let projection = Type::group_type_builder(schema.name()).with_fields(flat.clone()).build().map_err(broken)?;
    let rows = RowIter::from_file_into(Box::new(reader)).project(Some(projection)).map_err(broken)?;
    Ok(Text { rows, ready: writer.into_inner().map_err(|error| Error::other(error.to_string()))?, given: 0 })
}

struct Text {
    rows: RowIter<'static>,
    /// Text that is written and not given yet.
    ready: Vec<u8>,
    given: usize,
}

impl Text {
    /// Writes the next rows; none at the end.
    fn refill(&mut self) -> Result<()> {
        let mut buffer = std::mem::take(&mut self.ready);
        buffer.clear();
        let mut writer = csv::Writer::from_writer(buffer);
        for row in self.rows.by_ref().take(ROWS) {
            for (_, field) in row.map_err(broken)?.get_column_iter() {
                writer.write_field(text(field))?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        self.ready = writer.into_inner().map_err(|error| Error::other(error.to_string()))?;
        self.given = 0;
        Ok(())
    }
}

impl Read for Text {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        if self.given == self.ready.len() {
            self.refill()?;
        }
        let read = (&self.ready[self.given..]).read(into)?;
        self.given += read;
        Ok(read)
    }
}

fn text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        Field::Float(number) => number.to_string(),
        Field::Double(number) => number.to_string(),
        Field::Date(number) | Field::TimeMillis(number) => number.to_string(),
        Field::TimeMicros(number) | Field::TimestampMillis(number) | Field::TimestampMicros(number) => {
            number.to_string()
        }
        other => other.to_string(),
    }
}

fn broken(error: parquet::errors::ParquetError) -> Error {
    Error::other(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_parquet_is_an_error() {
        for bytes in [&b"PAR1"[..], b"PAR1 and then nothing of the kind", b"PAR1\0\0\0\0\xff\xff\xff\x7fPAR1"] {
            assert!(rows(bytes::Bytes::from_static(bytes)).is_err());
        }
    }
}
