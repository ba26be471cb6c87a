//! Snake-case names of enums, as JSON has them.

use serde::Serialize;

pub trait Label {
    fn label(&self) -> String;
}

impl<T: Serialize> Label for T {
    fn label(&self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name.replace('_', " "),
            _ => String::new(),
        }
    }
}
