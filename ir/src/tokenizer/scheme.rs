//! Ways of turning a text into words.

use names::named;

named! {
    /// Kind of words.
    pub enum Scheme {
        /// Names of operations.
        Ops = "ops",
        /// Names of operations, numbered values, whole types.
        OpsOperands = "ops+operands",
        /// Operations, values by origin, shapes and numbers by digits, attributes that matter.
        Shaped = "shaped",
    }
}
