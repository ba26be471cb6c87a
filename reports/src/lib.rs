//! Tables and number formats over plain result structs.
