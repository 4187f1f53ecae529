//! Reports from made-up runs: figures as pictures, pages as documents, summaries as text.

mod demo;
mod demo_charts;
mod figures;
mod pages;
mod text;
mod whole;
