//! Topologies: the hosts of a data centre.

use super::is_topology;
use crate::error::TraceError;
use crate::format::Context;
use crate::input::Inputs;
use crate::json::{self, At};
use crate::options::MemoryUnit;
use crate::reader::{Listed, Reader, Timeline};
use crate::record::{Event, Record};
use crate::shapes::Shapes;
use std::sync::Arc;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::quantity::Quantity;

const WHAT: &str = "a topology of OpenDC: clusters with hosts";

/// The most hosts.
const MAX: i64 = 10_000_000;

pub(super) fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let (document, value) = json::read(inputs.single("a topology of OpenDC", is_topology)?.open()?, WHAT)?;
    let root = document.at(&value);
    let mut records = Vec::new();
    for (i, cluster) in root.key("clusters", WHAT)?.items()?.enumerate() {
        let cluster_name = name(&cluster, "C", i)?;
        let clusters = count(&cluster)?;
        for (j, host) in cluster.key("hosts", "a list of hosts")?.items()?.enumerate() {
            let host_name = format!("{cluster_name}-{}", name(&host, "H", j)?);
            let (cpus, memory) = size(&host, context.options.memory_unit)?;
            let hosts = count(&host)?.checked_mul(clusters).filter(|hosts| records.len() as i64 + hosts <= MAX);
            let hosts = hosts.ok_or_else(|| host.bad("is too many", "at most 10 million hosts"))?;
            for n in 0..hosts {
                let amounts = [("cpu", cpus), ("memory", memory), ("pods", cpus.max(110))];
                let allocatable = amounts.map(|(name, amount)| (name.to_owned(), Quantity::from_units(amount))).into();
                let node = NodeSpec {
                    name: format!("{host_name}-{n}").into(),
                    labels: [("cluster".to_owned(), cluster_name.clone())].into(),
                    allocatable,
                    ..NodeSpec::default()
                };
                let line = records.len() as u64 + 1;
                records.push(Record::on_line(line, 0, Event::NodeAdded(Box::new(node))));
            }
        }
    }
    Ok(Box::new(Listed::new(Arc::clone(&document.file), Timeline::SORTED, records, Shapes::default())))
}

/// CPUs and bytes of memory of a host.
fn size(host: &At<'_>, unit: MemoryUnit) -> Result<(i64, i64), TraceError> {
    let cpu = host.key("cpu", "the host's processors")?;
    let cores = cpu.key("coreCount", "the number of cores")?;
    let expected = "the number of cores, from 1 to 10 million";
    let sockets = count(&cpu)?;
    let cpus = cores.whole(expected)?.checked_mul(sockets).filter(|cpus| (1..=MAX).contains(cpus));
    let cpus = cpus.ok_or_else(|| cores.bad("is out of range", expected))?;
    let memory = host.key("memory", "the host's memory")?;
    let size = memory.key("memorySize", "the size of the memory")?;
    let bytes = size.whole("the size of the memory")?.checked_mul(unit.bytes()).filter(|bytes| *bytes >= 0);
    let bytes = bytes.ok_or_else(|| size.bad("is out of range", "the size of the memory, below 8 EiB"))?;
    Ok((cpus, bytes))
}

fn name(of: &At<'_>, prefix: &str, place: usize) -> Result<String, TraceError> {
    match of.find("name")? {
        Some(name) => Ok(name.text("a name")?.to_owned()),
        None => Ok(format!("{prefix}{place:02}")),
    }
}

/// How many there are of it.
fn count(of: &At<'_>) -> Result<i64, TraceError> {
    let expected = "how many there are, from 0 to 10 million";
    let Some(field) = of.find("count")? else { return Ok(1) };
    let count = field.whole(expected)?;
    if (0..=MAX).contains(&count) { Ok(count) } else { Err(field.bad("is out of range", expected)) }
}
