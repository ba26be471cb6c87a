//! A machine as the user names it: a design, what the user changed, a model, and a node.

use designs::load::{self, Loader};
use designs::{Design, Model, Override, Problems, ProcessNode};

use super::asked::{Asked, Base, Build, GridChoice, Reticle};
use super::settled::Settled;
use super::stated::Stated;
use crate::economics::EconomicsError;

/// One step from a base: a design that differs from it, with what the step states.
#[derive(Debug, Clone)]
struct Change {
    design: Design,
    stated: Stated,
    grid: GridChoice,
    model: Model,
    node: ProcessNode,
}

/// A design, changes, a model and a node, not yet settled.
#[derive(Debug, Clone)]
pub struct Machine {
    root: (Design, Model, ProcessNode),
    /// What the texts state that extend the root.
    file: Option<Change>,
    /// What overrides and options state.
    user: Change,
    overridden: Vec<String>,
}

impl Change {
    fn new(design: Design, paths: &[String], model: Model, node: ProcessNode) -> Self {
        let given = paths.iter().any(|path| path.starts_with("grid."));
        Self {
            design,
            stated: Stated::of(paths.iter().map(String::as_str)),
            grid: if given { GridChoice::Given } else { GridChoice::Natural },
            model,
            node,
        }
    }

    fn asked(&self, build: &Build) -> Asked<'_> {
        Asked {
            design: &self.design,
            stated: self.stated,
            grid: self.grid,
            model: &self.model,
            node: &self.node,
            build: *build,
        }
    }
}

impl Machine {
    /// Reads the design `reference` with overrides. `model` and `node` take the place of those of the design.
    ///
    /// # Errors
    /// Every problem of the texts and of the overrides.
    pub fn load(
        reference: &str,
        overrides: &[Override],
        model: Option<&str>,
        node: Option<&str>,
        loader: &Loader<'_>,
    ) -> Result<Self, Problems> {
        let mut steps = load::layered(reference, overrides, loader)?;
        for (key, option, own) in [("model", model, &mut steps.design.model), ("node", node, &mut steps.design.node)] {
            if let Some(name) = option {
                name.clone_into(own);
                steps.overridden.push(key.to_owned());
            }
        }
        let model = |design: &Design| load::model(&design.model, loader);
        let node = |design: &Design| load::node(&design.node, loader);
        let file = if steps.in_file.is_empty() {
            None
        } else {
            let (model, node) = (model(&steps.file)?, node(&steps.file)?);
            Some(Change::new(steps.file, &steps.in_file, model, node))
        };
        let (own_model, own_node) = (model(&steps.root)?, node(&steps.root)?);
        let (asked_model, asked_node) = (model(&steps.design)?, node(&steps.design)?);
        Ok(Self {
            root: (steps.root, own_model, own_node),
            file,
            user: Change::new(steps.design, &steps.overridden, asked_model, asked_node),
            overridden: steps.overridden,
        })
    }

    /// Its design with all changes, not settled.
    #[must_use]
    pub fn design(&self) -> &Design {
        &self.user.design
    }

    /// The model that it carries.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.user.model
    }

    /// The node on which it is built.
    #[must_use]
    pub fn node(&self) -> &ProcessNode {
        &self.user.node
    }

    /// Paths of the fields that overrides and options state.
    #[must_use]
    pub fn overridden(&self) -> &[String] {
        &self.overridden
    }

    /// The same machine with another model.
    #[must_use]
    pub fn carrying(&self, model: &Model) -> Self {
        let mut machine = self.clone();
        machine.user.model = model.clone();
        machine.user.design.model.clone_from(&model.name);
        machine
    }

    /// The design without overrides and options, settled: what these are changes of.
    ///
    /// # Errors
    /// As [`Base::new`] and [`Base::settle`].
    pub fn base(&self, reticle: Reticle) -> Result<Base, EconomicsError> {
        let (design, model, node) = self.root.clone();
        let root = Base::new(design, model, node)?;
        let Some(file) = &self.file else { return Ok(root) };
        let settled = root.settle(&file.asked(&Build::published(reticle)))?;
        Ok(Base::new(settled.design, file.model.clone(), file.node.clone())?)
    }

    /// Settles the machine; the notes say how it follows from the base.
    ///
    /// # Errors
    /// As [`Base::settle`].
    pub fn settle(&self, build: &Build) -> Result<(Settled, Vec<String>), EconomicsError> {
        let base = self.base(build.reticle)?;
        let asked = self.user.asked(build);
        let settled = base.settle(&asked)?;
        let notes = base.notes(&asked, &settled);
        Ok((settled, notes))
    }
}
