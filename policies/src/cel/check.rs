//! Checks an expression before anything is evaluated: that what it names exists, and that types go together.
//!
//! The `cel` crate leaves this to evaluation; the API server refuses such an expression. Where a type is not known (an
//! attribute can be anything) everything is allowed. What is not checked: the cost of an expression.
//!
//! Source: `github.com/google/cel-go/checker/checker.go`.

use super::types::{Overload, Type, device_field, overloads};
use ::cel::common::ast::operators as op;
use ::cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo,
};
use std::sync::LazyLock;

static OVERLOADS: LazyLock<Vec<Overload>> = LazyLock::new(overloads);

/// Checks that an expression is a condition on a device.
///
/// # Errors
/// What is wrong with it, in the API server's words.
pub(super) fn check(expression: &IdedExpr, source: &SourceInfo) -> Result<(), String> {
    let mut checker = Checker { source, scope: vec![("device".to_owned(), Type::Device)] };
    match checker.type_of(expression)? {
        Type::Bool | Type::Dyn => Ok(()),
        other => Err(format!("must evaluate to bool or the unknown type, not {other}")),
    }
}

struct Checker<'s> {
    source: &'s SourceInfo,
    /// The variables, the innermost last.
    scope: Vec<(String, Type)>,
}

impl Checker<'_> {
    fn type_of(&mut self, expression: &IdedExpr) -> Result<Type, String> {
        match &expression.expr {
            Expr::Literal(literal) => Ok(match literal {
                LiteralValue::Boolean(_) => Type::Bool,
                LiteralValue::Bytes(_) => Type::Bytes,
                LiteralValue::Double(_) => Type::Double,
                LiteralValue::Int(_) => Type::Int,
                LiteralValue::Null => Type::Null,
                LiteralValue::String(_) => Type::String,
                LiteralValue::UInt(_) => Type::Uint,
            }),
            Expr::Ident(name) => self.variable(name).ok_or_else(|| self.undeclared(name, expression)),
            Expr::Select(select) => self.select(select, expression),
            Expr::Call(call) => self.call(call, expression),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::List(list) => {
                let elements = list.elements.iter().map(|e| self.type_of(e)).collect::<Result<Vec<_>, _>>()?;
                Ok(Type::List(Box::new(self.common(&elements, expression)?)))
            }
            Expr::Map(map) => {
                let mut values = Vec::new();
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.type_of(&entry.key)?;
                        values.push(self.type_of(&entry.value)?);
                    }
                }
                Ok(Type::Map(Box::new(self.common(&values, expression)?)))
            }
            Expr::Struct(literal) => Err(self.undeclared(&literal.type_name, expression)),
            Expr::Unspecified => Err(self.error(expression, "an empty expression")),
        }
    }

    fn variable(&self, name: &str) -> Option<Type> {
        if let Some((_, found)) = self.scope.iter().rev().find(|(mine, _)| mine == name) {
            return Some(found.clone());
        }
        let types = ["bool", "bytes", "double", "dyn", "int", "list", "map", "null_type", "string", "type", "uint"];
        types.contains(&name).then_some(Type::Meta)
    }

    /// The one type of the elements of a literal.
    fn common(&self, elements: &[Type], at: &IdedExpr) -> Result<Type, String> {
        let Some(first) = elements.first() else { return Ok(Type::Dyn) };
        let mut of = first.clone();
        for element in &elements[1..] {
            if !element.fits(first) {
                return Err(self.error(at, format_args!("expected type '{first}' but found '{element}'")));
            }
            of = of.join(element);
        }
        Ok(of)
    }

    fn select(&mut self, select: &SelectExpr, at: &IdedExpr) -> Result<Type, String> {
        let of = match self.type_of(&select.operand)? {
            Type::Device => device_field(&select.field)
                .ok_or_else(|| self.error(at, format_args!("undefined field '{}'", select.field)))?,
            Type::Map(of) => *of,
            Type::Dyn => Type::Dyn,
            Type::Optional => Type::Optional,
            Type::Meta => return Err(self.undeclared(&select.field, at)),
            other => return Err(self.error(at, format_args!("type '{other}' does not support field selection"))),
        };
        Ok(if select.test { Type::Bool } else { of })
    }

    fn comprehension(&mut self, from: &ComprehensionExpr) -> Result<Type, String> {
        let element = match self.type_of(&from.iter_range)? {
            Type::List(of) => *of,
            Type::Map(_) => Type::String,
            Type::Dyn => Type::Dyn,
            other => {
                let message = format_args!(
                    "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                return Err(self.error(&from.iter_range, message));
            }
        };
        let accumulator = self.type_of(&from.accu_init)?;
        let outside = self.scope.len();
        self.scope.push((from.accu_var.clone(), accumulator));
        let inside = self.scope.len();
        self.scope.push((from.iter_var.clone(), element));
        self.scope.extend(from.iter_var2.clone().map(|name| (name, Type::Dyn)));
        self.type_of(&from.loop_cond)?;
        self.type_of(&from.loop_step)?;
        self.scope.truncate(inside);
        let result = self.type_of(&from.result);
        self.scope.truncate(outside);
        result
    }

    fn call(&mut self, call: &CallExpr, at: &IdedExpr) -> Result<Type, String> {
        // `optional.of(x)` names a function and no target.
        let namespace = call.target.as_ref().and_then(|target| match &target.expr {
            Expr::Ident(name) if self.variable(name).is_none() => Some(name.clone()),
            _ => None,
        });
        let mut args = Vec::new();
        if let (Some(target), None) = (&call.target, &namespace) {
            args.push(self.type_of(target)?);
        }
        for arg in &call.args {
            args.push(self.type_of(arg)?);
        }
        if let Some(result) = operator(&call.func_name, &args) {
            return result.map_err(|NoOverload| self.no_overload(&call.func_name, &args, false, at));
        }
        let member = call.target.is_some() && namespace.is_none();
        let name = namespace.map_or_else(|| call.func_name.clone(), |space| format!("{space}.{}", call.func_name));
        let named: Vec<&Overload> = OVERLOADS.iter().filter(|o| o.name == name && o.member == member).collect();
        if named.is_empty() {
            return Err(self.undeclared(&name, at));
        }
        let fits = |overload: &&&Overload| {
            overload.args.len() == args.len() && overload.args.iter().zip(&args).all(|(want, have)| want.fits(have))
        };
        let results: Vec<&Type> = named.iter().filter(fits).map(|overload| &overload.result).collect();
        let Some((first, rest)) = results.split_first() else {
            return Err(self.no_overload(&name, &args, member, at));
        };
        Ok(rest.iter().fold((*first).clone(), |of, next| of.join(next)))
    }

    fn undeclared(&self, name: &str, at: &IdedExpr) -> String {
        self.error(at, format_args!("undeclared reference to '{name}' (in container '')"))
    }

    fn no_overload(&self, name: &str, args: &[Type], member: bool, at: &IdedExpr) -> String {
        let texts: Vec<String> = args.iter().map(ToString::to_string).collect();
        let applied = match texts.split_first() {
            Some((target, rest)) if member => format!("{target}.({})", rest.join(", ")),
            _ => format!("({})", texts.join(", ")),
        };
        self.error(at, format_args!("found no matching overload for '{name}' applied to '{applied}'"))
    }

    fn error(&self, at: &IdedExpr, message: impl std::fmt::Display) -> String {
        let offset = self.source.offset_for(at.id).map_or(0, |(start, _)| start as usize);
        let before = self.source.source.get(..offset).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!("compilation failed: ERROR: <input>:{line}:{column}: {message}")
    }
}

/// Operands that do not go together.
struct NoOverload;

/// The type of an operator's result; `None` for what is no operator.
fn operator(name: &str, args: &[Type]) -> Option<Result<Type, NoOverload>> {
    let result = match (name, args) {
        (op::CONDITIONAL, [condition, then, otherwise]) => {
            (condition.fits(&Type::Bool) && then.fits(otherwise)).then(|| then.clone().join(otherwise))
        }
        (op::LOGICAL_AND | op::LOGICAL_OR, [a, b]) => {
            (a.fits(&Type::Bool) && b.fits(&Type::Bool)).then_some(Type::Bool)
        }
        (op::LOGICAL_NOT | op::NOT_STRICTLY_FALSE, [a]) => a.fits(&Type::Bool).then_some(Type::Bool),
        (op::EQUALS | op::NOT_EQUALS, [a, b]) => a.fits(b).then_some(Type::Bool),
        (op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS, [a, b]) => {
            let ordered = |t: &Type| t.is_number() || matches!(t, Type::Bool | Type::String | Type::Bytes);
            (ordered(a) && ordered(b) && (a.fits(b) || a.is_number() && b.is_number())).then_some(Type::Bool)
        }
        (op::ADD, [a, b]) => {
            let adds = |t: &Type| t.is_number() || matches!(t, Type::String | Type::Bytes | Type::List(_));
            (adds(a) && adds(b) && a.fits(b)).then(|| a.clone().join(b))
        }
        (op::SUBSTRACT | op::MULTIPLY | op::DIVIDE, [a, b]) => {
            (a.is_number() && b.is_number() && a.fits(b)).then(|| a.clone().join(b))
        }
        (op::MODULO, [a, b]) => {
            let whole = |t: &Type| t.is_number() && *t != Type::Double;
            (whole(a) && whole(b) && a.fits(b)).then(|| a.clone().join(b))
        }
        (op::NEGATE, [a]) => (a.is_number() && *a != Type::Uint).then(|| a.clone()),
        (op::IN, [element, Type::List(of)]) => element.fits(of).then_some(Type::Bool),
        (op::IN, [key, Type::Map(_)]) => key.fits(&Type::String).then_some(Type::Bool),
        (op::IN, [_, of]) => (*of == Type::Dyn).then_some(Type::Bool),
        (op::INDEX, [Type::List(of), index]) => index.is_number().then(|| (**of).clone()),
        (op::INDEX, [Type::Map(of), key]) => key.fits(&Type::String).then(|| (**of).clone()),
        (op::INDEX, [of @ (Type::Dyn | Type::Optional), _]) => Some(of.clone()),
        (op::INDEX, [_, _]) => None,
        (op::OPT_INDEX | op::OPT_SELECT, [_, _]) => Some(Type::Optional),
        _ => return None,
    };
    Some(result.ok_or(NoOverload))
}
