//! A query over the blocks of one segment.

use super::{Bits, Bounds};
use crate::query::{Expr, Leaf};

/// Returns who of a segment matches and who may. `leaf` says what is known of one condition; [`Bounds::unknown`] where there
/// is no index.
pub fn evaluate<E>(
    expr: &Expr,
    leaf: &mut impl FnMut(&Leaf) -> Result<Bounds, E>,
) -> Result<Bounds, E> {
    Ok(match expr {
        Expr::All => Bounds::exact(Bits::all()),
        Expr::Nothing => Bounds::exact(Bits::none()),
        Expr::Leaf(condition) => leaf(condition)?,
        Expr::Not(inner) => evaluate(inner, leaf)?.inverted(),
        Expr::Every(inner) => {
            let mut all = Bounds::exact(Bits::all());
            for expr in inner {
                all = all.and(&evaluate(expr, leaf)?);
                if all.maybe.is_empty() {
                    break;
                }
            }
            all
        }
        Expr::Any(inner) => {
            let mut any = Bounds::exact(Bits::none());
            for expr in inner {
                any = any.or(&evaluate(expr, leaf)?);
            }
            any
        }
    })
}
