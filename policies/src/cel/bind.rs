//! `cel.bind(NAME, VALUE, EXPRESSION)`: gives a value a name within an expression.
//!
//! Source: `github.com/google/cel-go/ext/bindings.go`.

use ::cel::common::ast::{ComprehensionExpr, Expr, ListExpr, LiteralValue};
use ::cel::common::types::CelBool;
use ::cel::parser::Macro;

/// Rewrites the call as a loop over nothing whose result is the expression and whose accumulator is the value.
pub(super) fn bind() -> Macro {
    Macro::receiver("bind", 3, |helper, target, args| {
        if !target.as_ref().is_some_and(|target| target.expr == Expr::Ident("cel".to_owned())) {
            return Ok(None);
        }
        let [name, _, _] = &args[..] else { return Ok(None) };
        let Expr::Ident(name) = &name.expr else {
            return Err(helper.new_error(name.id, "cel.bind() variable names must be simple identifiers"));
        };
        let name = name.clone();
        let result = args.pop().unwrap_or_default();
        let accu_init = args.pop().unwrap_or_default();
        let iter_range = helper.next_expr(Expr::List(ListExpr::new(Vec::new())));
        let loop_cond = helper.next_expr(Expr::Literal(LiteralValue::Boolean(CelBool::from(false))));
        let loop_step = helper.next_expr(Expr::Ident(name.clone()));
        Ok(Some(helper.next_expr(Expr::Comprehension(Box::new(ComprehensionExpr {
            iter_range,
            iter_var: "#unused".to_owned(),
            iter_var2: None,
            accu_var: name,
            accu_init,
            loop_cond,
            loop_step,
            result,
        })))))
    })
}
