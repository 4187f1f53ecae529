//! Quantities in expressions: `quantity("4Gi")` and what can be done with one.
//!
//! Source: `staging/src/k8s.io/apiserver/pkg/cel/library/quantity.go`.

use super::{argument, function_error};
use ::cel::common::types::{CelBool, CelDouble, CelInt, CelString, INT_TYPE, STRING_TYPE, Type};
use ::cel::common::value::{CowVal, StaticVal, Val};
use ::cel::{DeclarationError, Env, ExecutionError};
use std::any::Any;
use std::cmp::Ordering;
use towtank_sim::model::Quantity;

/// A quantity as a value.
#[derive(Clone, Debug)]
pub(super) struct QuantityValue(pub(super) Quantity);

static QUANTITY: Type = Type::new_unspecified_type("kubernetes.Quantity");

type Args<'b, 'v> = Vec<CowVal<'b, 'v>>;
type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// Declares the functions.
pub(super) fn extension(env: &mut Env) -> Result<(), DeclarationError> {
    let q = || QUANTITY.to_owned();
    env.add_type(q())?;
    env.add_overload("quantity", "string_to_quantity", vec![STRING_TYPE], |args| {
        let text = argument::<CelString<'_>>(&args, 0)?;
        let quantity = text.inner().parse().map_err(|error| function_error("quantity", error))?;
        Ok(CowVal::owned(QuantityValue(quantity)))
    })?;
    env.add_overload("isQuantity", "is_quantity_string", vec![STRING_TYPE], |args| {
        let text = argument::<CelString<'_>>(&args, 0)?;
        Ok(CowVal::owned(CelBool::from(text.inner().parse::<Quantity>().is_ok())))
    })?;
    // A function upstream, though documented as a method.
    env.add_overload("sign", "quantity_sign", vec![q()], |args| {
        let zero = Quantity::default();
        Ok(CowVal::owned(CelInt::from(argument::<QuantityValue>(&args, 0)?.0.cmp(&zero) as i64)))
    })?;
    env.add_member_overload("isGreaterThan", "quantity_is_greater_than", q(), vec![q()], |args| {
        compare(&args, |order| CowVal::owned(CelBool::from(order == Ordering::Greater)))
    })?;
    env.add_member_overload("isLessThan", "quantity_is_less_than", q(), vec![q()], |args| {
        compare(&args, |order| CowVal::owned(CelBool::from(order == Ordering::Less)))
    })?;
    env.add_member_overload("compareTo", "quantity_compare_to", q(), vec![q()], |args| {
        compare(&args, |order| CowVal::owned(CelInt::from(order as i64)))
    })?;
    env.add_member_overload("isInteger", "quantity_is_integer", q(), vec![], |args| {
        Ok(CowVal::owned(CelBool::from(whole(argument::<QuantityValue>(&args, 0)?.0).is_some())))
    })?;
    env.add_member_overload("asInteger", "quantity_get_int", q(), vec![], |args| {
        let number = whole(argument::<QuantityValue>(&args, 0)?.0);
        let number = number.ok_or_else(|| function_error("asInteger", "cannot convert value to integer"))?;
        Ok(CowVal::owned(CelInt::from(number)))
    })?;
    env.add_member_overload("asApproximateFloat", "quantity_get_float", q(), vec![], |args| {
        let quantity = argument::<QuantityValue>(&args, 0)?.0;
        let number = whole(quantity).map_or_else(|| quantity.milli_value() as f64 / 1000.0, |n| n as f64);
        Ok(CowVal::owned(CelDouble::from(number)))
    })?;
    env.add_member_overload("add", "quantity_add", q(), vec![q()], |args| both(&args, Quantity::plus))?;
    env.add_member_overload("sub", "quantity_sub", q(), vec![q()], |args| both(&args, Quantity::minus))?;
    env.add_member_overload("add", "quantity_add_int", q(), vec![INT_TYPE], |args| with_int(&args, Quantity::plus))?;
    env.add_member_overload("sub", "quantity_sub_int", q(), vec![INT_TYPE], |args| with_int(&args, Quantity::minus))
}

fn compare<'b, 'v>(args: &Args<'b, 'v>, answer: impl FnOnce(Ordering) -> CowVal<'b, 'v>) -> Answer<'b, 'v> {
    let (a, b) = (argument::<QuantityValue>(args, 0)?, argument::<QuantityValue>(args, 1)?);
    Ok(answer(a.0.cmp(&b.0)))
}

fn both<'b, 'v>(args: &Args<'b, 'v>, of: impl FnOnce(Quantity, Quantity) -> Quantity) -> Answer<'b, 'v> {
    let (a, b) = (argument::<QuantityValue>(args, 0)?.0, argument::<QuantityValue>(args, 1)?.0);
    Ok(CowVal::owned(QuantityValue(of(a, b))))
}

fn with_int<'b, 'v>(args: &Args<'b, 'v>, of: impl FnOnce(Quantity, Quantity) -> Quantity) -> Answer<'b, 'v> {
    let (a, b) = (argument::<QuantityValue>(args, 0)?.0, *argument::<CelInt>(args, 1)?.inner());
    Ok(CowVal::owned(QuantityValue(of(a, Quantity::from_units(b)))))
}

/// The quantity as a whole number of units, if it is one.
fn whole(quantity: Quantity) -> Option<i64> {
    let units = quantity.value();
    (Quantity::from_units(units) == quantity).then_some(units)
}

impl Val for QuantityValue {
    fn get_type(&self) -> &Type {
        Self::cel_type()
    }

    fn cel_type() -> &'static Type {
        &QUANTITY
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other.downcast_ref::<Self>().is_some_and(|other| self.0 == other.0)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for QuantityValue {}
