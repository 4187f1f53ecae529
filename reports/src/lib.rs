//! Observations to tables, tables to figures, figures to a page.
