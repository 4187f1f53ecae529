//! The types of expressions, and which functions exist for which.

use std::fmt;

/// The type of an expression, as far as it is known before it is evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// Anything: an attribute's value, or what `dyn()` makes.
    Dyn,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Null,
    /// `int`, `string`, … as values.
    Meta,
    Quantity,
    Semver,
    Device,
    List(Box<Type>),
    /// A map with texts as keys.
    Map(Box<Type>),
    Optional,
}

impl Type {
    /// Whether a value of one type can be where the other is expected.
    pub(super) fn fits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Dyn, _) | (_, Self::Dyn) => true,
            (Self::List(a), Self::List(b)) | (Self::Map(a), Self::Map(b)) => a.fits(b),
            (a, b) => a == b,
        }
    }

    /// What both are: the same type, or anything.
    pub(super) fn join(self, other: &Self) -> Self {
        if self == *other { self } else { Self::Dyn }
    }

    pub(super) const fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Uint | Self::Double | Self::Dyn)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::List(of) => return write!(f, "list({of})"),
            Self::Map(of) => return write!(f, "map(string, {of})"),
            Self::Dyn => "any",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Null => "null",
            Self::Meta => "type",
            Self::Quantity => "kubernetes.Quantity",
            Self::Semver => "kubernetes.Semver",
            Self::Device => "kubernetes.DRADevice",
            Self::Optional => "optional_type",
        })
    }
}

/// A field of the variable `device`.
pub(super) fn device_field(name: &str) -> Option<Type> {
    let by_domain = |of| Some(Type::Map(Box::new(Type::Map(Box::new(of)))));
    match name {
        "driver" => Some(Type::String),
        "allowMultipleAllocations" => Some(Type::Bool),
        "attributes" => by_domain(Type::Dyn),
        "capacity" => by_domain(Type::Quantity),
        _ => None,
    }
}

/// One way to call a function.
pub(super) struct Overload {
    pub(super) name: &'static str,
    /// The types of the arguments, the target's first.
    pub(super) args: Vec<Type>,
    pub(super) result: Type,
    /// Whether it is called on a target.
    pub(super) member: bool,
}

/// Every way to call a function.
pub(super) fn overloads() -> Vec<Overload> {
    use Type::{Bool, Bytes, Double, Dyn, Int, Optional, Quantity, Semver, String, Uint};
    let list = || Type::List(Box::new(Dyn));
    let texts = || Type::List(Box::new(String));
    let map = || Type::Map(Box::new(Dyn));
    let mut all = Vec::new();
    let mut global = |names: &[&'static str], args: &[Type], result: Type| {
        for name in names {
            all.push(Overload { name, args: args.to_vec(), result: result.clone(), member: false });
        }
    };
    global(&["size"], &[list()], Int);
    for of in [String, Bytes, map()] {
        global(&["size"], &[of], Int);
    }
    global(&["type"], &[Dyn], Type::Meta);
    global(&["dyn"], &[Dyn], Dyn);
    for from in [Int, Uint, Double, String] {
        global(&["int"], std::slice::from_ref(&from), Int);
        global(&["uint"], std::slice::from_ref(&from), Uint);
        global(&["double"], &[from], Double);
    }
    for from in [Bool, Int, Uint, Double, String, Bytes] {
        global(&["string"], &[from], String);
    }
    global(&["bool"], &[Bool], Bool);
    global(&["bool", "isQuantity", "isSemver"], &[String], Bool);
    global(&["bytes"], &[Bytes], Bytes);
    global(&["bytes"], &[String], Bytes);
    global(&["matches"], &[String, String], Bool);
    global(&["quantity"], &[String], Quantity);
    global(&["sign"], &[Quantity], Int);
    global(&["semver"], &[String], Semver);
    global(&["semver"], &[String, Bool], Semver);
    global(&["isSemver"], &[String, Bool], Bool);
    global(&["optional.none"], &[], Optional);
    global(&["optional.of", "optional.ofNonZeroValue"], &[Dyn], Optional);
    global(&["lists.range"], &[Int], Type::List(Box::new(Int)));

    let mut member = |names: &[&'static str], args: &[Type], result: Type| {
        for name in names {
            all.push(Overload { name, args: args.to_vec(), result: result.clone(), member: true });
        }
    };
    for of in [String, Bytes, list(), map()] {
        member(&["size"], &[of], Int);
    }
    member(&["contains", "startsWith", "endsWith", "matches"], &[String, String], Bool);
    member(&["lowerAscii", "upperAscii", "trim"], &[String], String);
    member(&["charAt"], &[String, Int], String);
    member(&["indexOf", "lastIndexOf"], &[String, String], Int);
    member(&["indexOf", "lastIndexOf"], &[String, String, Int], Int);
    member(&["replace"], &[String, String, String], String);
    member(&["replace"], &[String, String, String, Int], String);
    member(&["split"], &[String, String], texts());
    member(&["split"], &[String, String, Int], texts());
    member(&["substring"], &[String, Int], String);
    member(&["substring"], &[String, Int, Int], String);
    member(&["format"], &[String, list()], String);
    member(&["join"], &[texts()], String);
    member(&["join"], &[texts(), String], String);
    member(&["slice"], &[list(), Int, Int], list());
    member(&["flatten", "sort", "reverse", "distinct"], &[list()], list());
    member(&["flatten"], &[list(), Int], list());
    for of in [Quantity, Semver] {
        member(&["isGreaterThan", "isLessThan"], &[of.clone(), of.clone()], Bool);
        member(&["compareTo"], &[of.clone(), of], Int);
    }
    member(&["isInteger"], &[Quantity], Bool);
    member(&["asInteger"], &[Quantity], Int);
    member(&["asApproximateFloat"], &[Quantity], Double);
    member(&["add", "sub"], &[Quantity, Quantity], Quantity);
    member(&["add", "sub"], &[Quantity, Int], Quantity);
    member(&["major", "minor", "patch"], &[Semver], Int);
    member(&["hasValue"], &[Optional], Bool);
    member(&["value"], &[Optional], Dyn);
    member(&["or"], &[Optional, Optional], Optional);
    member(&["orValue"], &[Optional, Dyn], Dyn);
    all
}
