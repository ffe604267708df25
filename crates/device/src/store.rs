//! The engine in its slot: opened again when a failure closed its database, gone once the device was closed.

use std::any::Any;
use std::cell::{RefCell, RefMut};

use soko_app_api::{Said, Saying};
use soko_engine::{Engine, OpenError, Salvaged};

use crate::failure::Undone;

/// An engine, what must live as long as it does, and what was found when it was opened.
pub struct OpenedEngine {
    pub engine: Engine,
    /// Such as the folder's lock.
    pub guard: Option<Box<dyn Any>>,
    pub warnings: Vec<Said>,
}

/// What to tell of a damaged database that was set aside under this name.
pub fn salvage_told(aside: &str, saved: &Salvaged) -> Vec<Said> {
    let records = saved.records;
    let sentence =
        format!("the database was damaged; it was set aside as {aside}, and {records} records were saved");
    let mut told = vec![Saying::Salvaged.said(records, sentence)];
    told.extend(saved.lost.iter().map(|lost| Saying::SalvageLost.said(lost, format!("lost: {lost}"))));
    told
}

pub(crate) type Open = Box<dyn FnMut() -> Result<OpenedEngine, OpenError>>;

pub(crate) struct Store {
    open: RefCell<Open>,
    opened: RefCell<Option<(Engine, Option<Box<dyn Any>>)>>,
    warnings: RefCell<Vec<Said>>,
    is_closed: std::cell::Cell<bool>,
}

impl Store {
    pub(crate) fn open(mut open: Open) -> Result<Self, OpenError> {
        let OpenedEngine { engine, guard, warnings } = open()?;
        Ok(Self {
            open: RefCell::new(open),
            opened: RefCell::new(Some((engine, guard))),
            warnings: RefCell::new(warnings),
            is_closed: std::cell::Cell::new(false),
        })
    }

    /// The engine. Nobody may hold it over an await.
    pub(crate) fn engine(&self) -> Result<RefMut<'_, Engine>, Undone> {
        if self.is_closed.get() {
            return Err(Undone::failed("this device was closed"));
        }
        let mut opened = self.opened.try_borrow_mut().map_err(|_| Undone::failed("the engine is in use"))?;
        if !opened.as_mut().is_some_and(|(engine, _)| engine.database().is_open()) {
            // The lock goes first: the same folder is opened again.
            *opened = None;
            let OpenedEngine { engine, guard, warnings } = (self.open.borrow_mut())()?;
            self.warnings.borrow_mut().extend(warnings);
            *opened = Some((engine, guard));
        }
        RefMut::filter_map(opened, |opened| opened.as_mut().map(|(engine, _)| engine))
            .map_err(|_| Undone::failed("the engine is not open"))
    }

    pub(crate) fn warnings(&self) -> Vec<Said> {
        self.warnings.borrow().clone()
    }

    pub(crate) fn close(&self) -> Result<(), Undone> {
        if self.is_closed.replace(true) {
            return Ok(());
        }
        let Some((mut engine, _guard)) = self.opened.take() else { return Ok(()) };
        if engine.database().is_open() { Ok(engine.close()?) } else { Ok(()) }
    }
}
