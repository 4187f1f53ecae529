//! Device selectors: expressions in CEL, Kubernetes' expression language, about one device.
//!
//! The language is the `cel` crate's; what Kubernetes adds to it for devices is here: the variable `device`, quantities,
//! semantic versions and `cel.bind`. Missing are what no device selector needs (dates, URLs, IP addresses, formats,
//! authorization) and the limit on the cost of an expression.
//!
//! Source: `staging/src/k8s.io/dynamic-resource-allocation/cel/compile.go`, `apiserver/pkg/cel/environment/base.go`.

mod bind;
mod check;
mod device;
mod quantity;
mod semver;
mod types;

pub use device::DeviceValue;

use ::cel::common::types::CelBool;
use ::cel::common::value::CowVal;
use ::cel::{Context, Env, ExecutionError, Program, Value, extensions};
use std::sync::{Arc, LazyLock};

/// The longest expression, in bytes.
const MAX_LENGTH: usize = 10 * 1024;
/// How deep brackets may be nested. Upstream's parser stops at 250 levels of recursion, of which a bracket takes several.
const MAX_NESTING: usize = 50;
/// How many signs there may be that make the tree of an expression deeper, so that it fits the stack. An expression of the
/// longest length that compares attributes does not get there.
const MAX_SIGNS: usize = 1000;

/// A compiled device selector.
#[derive(Debug)]
pub struct Selector {
    program: Program,
}

impl Selector {
    /// Compiles an expression, as the API server does before it stores it.
    ///
    /// # Errors
    /// What is wrong with it: it does not follow the grammar, uses what does not exist, combines types that do not go
    /// together, or is no condition.
    pub fn compile(text: &str) -> Result<Self, String> {
        if text.len() > MAX_LENGTH {
            return Err(format!("too long: may not be more than {MAX_LENGTH} bytes"));
        }
        if nesting(text) > MAX_NESTING {
            return Err(format!("compilation failed: brackets are nested more than {MAX_NESTING} deep"));
        }
        let signs = text.bytes().filter(|byte| b".[+-*/%".contains(byte)).count();
        if signs > MAX_SIGNS {
            return Err(format!("compilation failed: more than {MAX_SIGNS} operators"));
        }
        let program = ENV.compile(text).map_err(|errors| {
            // The first line of a message; the others show the place.
            format!("compilation failed: {}", errors.to_string().lines().next().unwrap_or_default())
        })?;
        check::check(program.expression(), program.source_info())?;
        Ok(Self { program })
    }

    /// Whether the device satisfies it.
    ///
    /// # Errors
    /// What went wrong, such as the use of an attribute that the device does not have.
    pub fn matches(&self, device: &DeviceValue) -> Result<bool, String> {
        let mut context = Context::with_env(ENV.clone());
        context.add_variable_as_val("device", device.boxed());
        let result = Value::resolve_val(self.program.expression(), &context).map_err(|error| message(&error))?;
        match result.downcast_ref::<CelBool>() {
            Some(bool) => Ok(*bool.inner()),
            None => Err(format!("CEL result of type {} could not be converted to bool", result.get_type().name())),
        }
    }
}

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(environment().expect("nothing is declared twice")));

fn environment() -> Result<Env, ::cel::DeclarationError> {
    let mut env = Env::stdlib();
    env.add_extension(extensions::strings)?;
    env.add_extension(extensions::lists)?;
    env.add_extension(quantity::extension)?;
    env.add_extension(semver::extension)?;
    env.add_macro(bind::bind())?;
    Ok(env)
}

/// What upstream says where something goes wrong during evaluation.
fn message(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::NoSuchOverload(_) => "no such overload".to_owned(),
        ExecutionError::FunctionError { message, .. } => message.clone(),
        other => other.to_string(),
    }
}

/// How deep brackets are nested, those in texts included.
fn nesting(text: &str) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    most
}

/// The argument at `index` as a `T`.
fn argument<'a, 'b, 'v, T: ::cel::common::value::FromVal<'a, 'v>>(
    args: &'a [CowVal<'b, 'v>],
    index: usize,
) -> Result<&'a T, ExecutionError>
where
    'b: 'a,
{
    args.get(index).and_then(|value| T::from_val(&**value)).ok_or(ExecutionError::MissingArgumentOrTarget)
}

/// An error of a function.
fn function_error(function: &str, message: impl std::fmt::Display) -> ExecutionError {
    ExecutionError::FunctionError { function: function.to_owned(), message: message.to_string() }
}

#[cfg(test)]
mod tests;
