// Numbers as people read them, as src/units.rs writes them, and small helpers for building elements.

const MICROSECONDS = 1e6;

function decimals(number) {
  const size = Math.abs(number);
  if (size >= 99.95) return Math.round(number).toLocaleString("en-US");
  return String(Number(number.toFixed(size >= 9.995 ? 1 : 2)));
}

// Microseconds as a duration: "850 ms", "3.2 h".
function duration(microseconds) {
  if (microseconds === 0) return "0 s";
  const steps = [[1e3, 1, "µs"], [1e6, 1e3, "ms"], [120e6, 1e6, "s"], [7200e6, 60e6, "min"], [172800e6, 3600e6, "h"]];
  const [, size, unit] = steps.find(([below]) => Math.abs(microseconds) < below) ?? [0, 86400e6, "d"];
  return `${decimals(microseconds / size)} ${unit}`;
}

// Microseconds since the start as a clock: "06:30:00", "3 d 06:30:00"; with milliseconds where they are asked for.
function moment(microseconds, exact = false) {
  const seconds = Math.floor(microseconds / MICROSECONDS);
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  const days = Math.floor(seconds / 86400);
  let clock = `${two((seconds % 86400) / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
  if (exact) clock += `.${String(Math.floor((microseconds % MICROSECONDS) / 1e3)).padStart(3, "0")}`;
  return days ? `${days} d ${clock}` : clock;
}

const grouped = (number) => Math.round(number).toLocaleString("en-US");
const plural = (number, noun) => `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;

function bytesText(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${decimals(bytes)} ${units[unit]}`;
}

// An amount of a resource by its name: "2 example.com/fpga", and "0.5 GPU" of a resource that counts thousandths of GPUs.
function amount(name, number) {
  return name.endsWith("/gpu-milli") ? `${decimals(number / 1000)} GPU` : `${grouped(Number(number))} ${name}`;
}

// Requests or capacities: "4 cores, 16 GiB, 1 nvidia.com/gpu".
function amounts(cpu, memory, other) {
  const parts = [];
  if (cpu > 0) parts.push(`${decimals(cpu / 1000)} ${cpu === 1000 ? "core" : "cores"}`);
  if (memory > 0) parts.push(bytesText(memory));
  for (const one of other ? other.split(";") : []) parts.push(amount(...one.split("=")));
  return parts.join(", ") || "nothing";
}

// An element with attributes and children. Texts become text nodes, so that no name is ever markup.
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const byId = (id) => document.getElementById(id);

// A colour of the page by the name of its property; asked for often, so kept until the page turns light or dark.
const colours = new Map();
function colour(property) {
  if (!colours.has(property)) colours.set(property, getComputedStyle(document.documentElement).getPropertyValue(property).trim());
  return colours.get(property);
}
