// The page's data: columns by name. What the text is made of is written at its maker, src/page/pack.rs.

async function unpack(id) {
  // What stands behind the scripts may not be there yet.
  if (document.readyState === "loading" && !byId(id)?.nextSibling) {
    await new Promise((there) => document.addEventListener("DOMContentLoaded", there, { once: true }));
  }
  const stream = new Blob([bytesOf(byId(id).textContent)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const all = new Uint8Array(await new Response(stream).arrayBuffer());
  const length = new DataView(all.buffer).getUint32(0, true);
  const utf8 = new TextDecoder();
  const columns = new Map();
  let start = 4 + length;
  for (const [name, kind, count, bytes] of JSON.parse(utf8.decode(all.subarray(4, start)))) {
    columns.set(name, { kind, count, bytes: all.subarray(start, start + bytes) });
    start += bytes;
  }
  return new Columns(columns, utf8);
}

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// Something that takes a while and is made once, when it is first asked for.
function lazily(make) {
  let made;
  return () => (made ??= make());
}

class Columns {
  constructor(columns, utf8) {
    this.columns = columns;
    this.utf8 = utf8;
    this.read = new Map();
  }

  has(name) {
    return this.columns.has(name);
  }

  // A column's values, read when they are first asked for.
  get(name) {
    if (!this.read.has(name)) this.read.set(name, this.decode(this.columns.get(name)));
    return this.read.get(name);
  }

  // A column of numbers that say which of a list of words is meant, as a function from row to word.
  words(name) {
    const places = this.get(name);
    const words = this.get(`${name}.words`);
    return (row) => words[places[row]];
  }

  // A column of small whole numbers that are each the difference to the one so many places before.
  sumsOver(name, stride) {
    const { count, bytes } = this.columns.get(name);
    const values = new Int32Array(count);
    let at = 0;
    for (let row = 0; row < count; row++) {
      let byte = bytes[at++];
      let value = byte & 127;
      for (let shift = 7; byte > 127; shift += 7) {
        byte = bytes[at++];
        value |= (byte & 127) << shift;
      }
      values[row] = ((value >>> 1) ^ -(value & 1)) + (row < stride ? 0 : values[row - stride]);
    }
    return values;
  }

  decode({ kind, count, bytes }) {
    switch (kind) {
      case "integers": return integers(bytes, count);
      case "deltas": return sums(integers(bytes, count));
      // A copy, because the values need not begin at a multiple of eight.
      case "quotients": return quotients(integers(bytes, count + 1));
      case "floats": return new Float64Array(bytes.slice().buffer);
      case "json": return JSON.parse(this.utf8.decode(bytes));
      case "texts": return this.utf8.decode(bytes).split("\0").slice(0, count);
      default: throw new Error(`no kind of column: ${kind}`);
    }
  }
}

// Seven bits a byte, the least significant first; the lowest bit is the sign.
function integers(bytes, count) {
  const values = new Float64Array(count);
  let at = 0;
  for (let row = 0; row < count; row++) {
    let byte = bytes[at++];
    let value = byte & 127;
    for (let scale = 128; byte > 127; scale *= 128) {
      byte = bytes[at++];
      value += (byte & 127) * scale;
    }
    values[row] = value % 2 ? -(value + 1) / 2 : value / 2;
  }
  return values;
}

function sums(differences) {
  let sum = 0;
  return differences.map((difference) => (sum += difference));
}

// The first number divides all that follow it, of which there are differences.
function quotients(numbers) {
  const divisor = numbers[0];
  return sums(numbers.subarray(1)).map((sum) => sum / divisor);
}
