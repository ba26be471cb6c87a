//! Keyword arguments of a request, as JSON with the names of the command's options.

use names::{Named, UnknownName, from_name};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::faults::Fault;

/// Options that have not been taken yet.
pub struct Options(Map<String, Value>);

impl Options {
    /// The options of a JSON object.
    pub fn parse(json: &str) -> Result<Self, Fault> {
        serde_json::from_str(json).map(Self).map_err(|error| Fault::request(format!("the options: {error}")))
    }

    /// Takes an option, if it is given.
    pub fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, Fault> {
        let Some(value) = self.0.remove(key) else { return Ok(None) };
        let refuse = |error: serde_json::Error| Fault::request(format!("{key}: {error}"));
        serde_json::from_value(value).map(Some).map_err(refuse)
    }

    /// Takes an option into `slot`, which keeps its value if the option is not given.
    pub fn set<T: DeserializeOwned>(&mut self, key: &str, slot: &mut T) -> Result<(), Fault> {
        self.take(key)?.into_iter().for_each(|value| *slot = value);
        Ok(())
    }

    /// The same for an option that may be absent.
    pub fn set_some<T: DeserializeOwned>(&mut self, key: &str, slot: &mut Option<T>) -> Result<(), Fault> {
        self.take(key)?.into_iter().for_each(|value| *slot = Some(value));
        Ok(())
    }

    /// Takes the name of a variant, if it is given.
    pub fn name<T: Named>(&mut self, key: &str) -> Result<Option<T>, Fault> {
        let Some(name) = self.take::<String>(key)? else { return Ok(None) };
        match from_name(&name) {
            Some(variant) => Ok(Some(variant)),
            None => Err(UnknownName::new::<T>(&name).into()),
        }
    }

    /// Takes the name of a variant into `slot`.
    pub fn set_name<T: Named>(&mut self, key: &str, slot: &mut T) -> Result<(), Fault> {
        self.name(key)?.into_iter().for_each(|value| *slot = value);
        Ok(())
    }

    /// Refuses what was not taken.
    pub fn finish(self) -> Result<(), Fault> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(key) => Err(Fault::request(format!("there is no option `{key}`"))),
        }
    }
}
