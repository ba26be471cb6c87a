//! Kinds of files.

use names::named;

named! {
    /// Kind of a TOML file.
    pub enum FileKind {
        /// A design.
        Design = "design",
        /// A process node.
        Node = "node",
        /// Prices and rules.
        Economics = "economics",
        /// The masks of a process.
        Masks = "masks",
        /// A machine to compare with.
        Against = "against",
        /// A kind of stacked DRAM with its controller.
        Memory = "memory",
    }
}
