//! Tables with a module per line.

/// Declares the modules of a table, and the table itself, which has one entry per module: what the module calls by one name.
///
/// ```text
/// modules! {
///     /// Every format, the most specific shape first.
///     pub(super) const TABLE: &[Format] = FORMAT of {
///         junit,
///         trx,
///     }
/// }
/// ```
///
/// stands for `mod junit; mod trx;` and `const TABLE: &[Format] = &[junit::FORMAT, trx::FORMAT];`, so that a new entry is one new
/// file and one line. `cargo fmt` does not look into macros: `scripts/format` formats these files as well.
#[macro_export]
macro_rules! modules {
    (
        $(#[$meta:meta])*
        $visible:vis const $table:ident: &[$entry:ty] = $name:ident of {
            $($seen:vis $module:ident),+ $(,)?
        }
    ) => {
        $($seen mod $module;)+

        $(#[$meta])*
        $visible const $table: &[$entry] = &[$($module::$name),+];
    };
}

pub use crate::modules;
