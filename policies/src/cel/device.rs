//! A device as the variable `device` of a selector.

use super::quantity::QuantityValue;
use super::semver::{Semver, SemverValue};
use ::cel::ExecutionError;
use ::cel::common::traits::{Container, Indexer, Iterable, Iterator as Elements, Sizer};
use ::cel::common::types::{CelBool, CelInt, CelString, MAP_TYPE, Type};
use ::cel::common::value::{CowVal, StaticVal, Val};
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::dra::{AttributeValue, Device};

/// The value of the variable `device`.
#[derive(Clone, Debug)]
pub struct DeviceValue(Table);

impl DeviceValue {
    /// A device of a driver. Attributes and capacities without a domain are in the driver's.
    ///
    /// # Errors
    /// An attribute is a version that follows no grammar of versions.
    pub fn new(driver: &str, device: &Device) -> Result<Self, String> {
        let mut attributes: BTreeMap<&str, Entries> = BTreeMap::new();
        for (name, value) in &device.attributes {
            let (domain, id) = qualified(name, driver);
            let value: Box<dyn Val> = match value {
                AttributeValue::Bool(bool) => Box::new(CelBool::from(*bool)),
                AttributeValue::Int(int) => Box::new(CelInt::from(*int)),
                AttributeValue::String(text) => Box::new(CelString::from(text.clone())),
                AttributeValue::Version(text) => {
                    let version = text.parse::<Semver>();
                    let version = version.map_err(|e| format!("attribute {name}: parse semantic version: {e}"))?;
                    Box::new(SemverValue(version))
                }
            };
            attributes.entry(domain).or_default().insert(id.to_owned(), value);
        }
        let mut capacity: BTreeMap<&str, Entries> = BTreeMap::new();
        for (name, value) in &device.capacity {
            let (domain, id) = qualified(name, driver);
            let value = Box::new(QuantityValue(value.value));
            capacity.entry(domain).or_default().insert(id.to_owned(), value);
        }
        let mut fields = Entries::new();
        fields.insert("driver".to_owned(), Box::new(CelString::from(driver.to_owned())));
        let shareable = CelBool::from(device.allow_multiple_allocations);
        fields.insert("allowMultipleAllocations".to_owned(), Box::new(shareable));
        fields.insert("attributes".to_owned(), Box::new(Table::by_domain(attributes)));
        fields.insert("capacity".to_owned(), Box::new(Table::by_domain(capacity)));
        Ok(Self(Table::new(fields, false)))
    }

    pub(super) fn boxed(&self) -> Box<dyn Val> {
        Box::new(self.0.clone())
    }
}

/// Splits a name into domain and identifier.
fn qualified<'n>(name: &'n str, default: &'n str) -> (&'n str, &'n str) {
    name.split_once('/').unwrap_or((default, name))
}

type Entries = BTreeMap<String, Box<dyn Val>>;
type Entry = (CelString<'static>, Box<dyn Val>);

/// A map with texts as keys, in their order.
#[derive(Clone, Debug)]
struct Table {
    entries: Arc<Vec<Entry>>,
    /// A map of domains has an empty map for every domain that it does not know.
    of_domains: bool,
}

impl Table {
    fn new(entries: Entries, of_domains: bool) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (CelString::from(key), value));
        Self { entries: Arc::new(entries.collect()), of_domains }
    }

    fn by_domain(domains: BTreeMap<&str, Entries>) -> Self {
        let table = |(domain, entries): (&str, Entries)| {
            let value: Box<dyn Val> = Box::new(Self::new(entries, false));
            (domain.to_owned(), value)
        };
        Self::new(domains.into_iter().map(table).collect(), true)
    }

    fn find(&self, key: &str) -> Option<&(dyn Val + 'static)> {
        let found = self.entries.binary_search_by(|(mine, _)| mine.inner().cmp(key)).ok()?;
        Some(&*self.entries[found].1)
    }
}

fn text(key: &dyn Val) -> Result<&str, ExecutionError> {
    let text = key.downcast_ref::<CelString<'_>>().map(CelString::inner);
    text.ok_or_else(|| ExecutionError::no_such_overload("_[_]", vec![key.get_type().name().to_owned()]))
}

impl Val for Table {
    fn get_type(&self) -> &Type {
        Self::cel_type()
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        let Some(other) = other.downcast_ref::<Self>() else { return false };
        let same = |(a, b): (&Entry, &Entry)| a.0.inner() == b.0.inner() && a.1.equals(&*b.1);
        self.entries.len() == other.entries.len() && self.entries.iter().zip(&*other.entries).all(same)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Table {}

impl Indexer for Table {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let key = text(key)?;
        match self.find(key) {
            Some(value) => Ok(CowVal::Borrowed(value)),
            None if self.of_domains => Ok(CowVal::owned(Self::new(Entries::new(), false))),
            None => Err(ExecutionError::no_such_key(key)),
        }
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(key).map(CowVal::into_owned)
    }
}

impl Container for Table {
    fn contains(&self, key: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(self.find(text(key)?).is_some())
    }
}

impl Sizer for Table {
    fn size(&self) -> CelInt {
        CelInt::from(i64::try_from(self.entries.len()).unwrap_or(i64::MAX))
    }
}

impl Iterable for Table {
    fn iter<'b, 'v>(&'b self) -> Box<dyn Elements<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(Keys(self.entries.iter()))
    }
}

struct Keys<'b>(std::slice::Iter<'b, Entry>);

impl<'b, 'v> Elements<'b, 'v> for Keys<'b> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|(key, _)| key as &dyn Val)
    }
}
