//! File formats that commands share, over readers and writers: tables of named columns as Parquet ([`columnar`]), and
//! append-only logs of records that survive a killed process ([`record_log`]). [`hash`] has the one hash of contents that
//! are not adversarial. No file is opened here.

pub mod columnar;
pub mod hash;
pub mod record_log;
