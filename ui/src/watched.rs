//! A value that views look at and that outlives them: what is told, where we are, which toasts are shown.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use yew::prelude::*;

/// Those who want to hear of something.
pub struct Listeners<T>(Rc<Ears<T>>);

struct Ears<T> {
    next: Cell<u32>,
    all: RefCell<Vec<(u32, Rc<dyn Fn(&T)>)>>,
}

impl<T> Clone for Listeners<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Default for Listeners<T> {
    fn default() -> Self {
        Self(Rc::new(Ears { next: Cell::new(0), all: RefCell::default() }))
    }
}

impl<T: 'static> Listeners<T> {
    pub fn tell(&self, news: &T) {
        // A listener may come or go while it is told.
        let now: Vec<_> = self.0.all.borrow().iter().map(|(_, ear)| Rc::clone(ear)).collect();
        now.iter().for_each(|ear| ear(news));
    }

    /// Listens until the answer is dropped.
    #[must_use]
    pub fn listen(&self, ear: impl Fn(&T) + 'static) -> Listening {
        let id = self.0.next.get();
        self.0.next.set(id.wrapping_add(1));
        self.0.all.borrow_mut().push((id, Rc::new(ear)));
        let ears = Rc::downgrade(&self.0);
        Listening(Box::new(move || {
            if let Some(ears) = ears.upgrade() {
                ears.all.borrow_mut().retain(|(known, _)| *known != id);
            }
        }))
    }
}

pub struct Listening(Box<dyn Fn()>);

impl Drop for Listening {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// One value with its listeners.
pub struct Watched<T> {
    value: Rc<RefCell<T>>,
    listeners: Listeners<T>,
}

impl<T> Clone for Watched<T> {
    fn clone(&self) -> Self {
        Self { value: Rc::clone(&self.value), listeners: self.listeners.clone() }
    }
}

impl<T> PartialEq for Watched<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.value, &other.value)
    }
}

impl<T: Clone + PartialEq + 'static> Watched<T> {
    pub fn new(value: T) -> Self {
        Self { value: Rc::new(RefCell::new(value)), listeners: Listeners::default() }
    }

    pub fn get(&self) -> T {
        self.value.borrow().clone()
    }

    pub fn set(&self, value: T) {
        if *self.value.borrow() == value {
            return;
        }
        *self.value.borrow_mut() = value.clone();
        self.listeners.tell(&value);
    }

    pub fn change(&self, change: impl FnOnce(&mut T)) {
        let mut value = self.get();
        change(&mut value);
        self.set(value);
    }

    #[must_use]
    pub fn listen(&self, ear: impl Fn(&T) + 'static) -> Listening {
        self.listeners.listen(ear)
    }
}

/// The value now, and again whenever it changes.
#[hook]
pub fn use_watched<T: Clone + PartialEq + 'static>(watched: &Watched<T>) -> T {
    let seen = use_state_eq(|| watched.get());
    let setter = seen.setter();
    use_effect_with(watched.clone(), move |watched| {
        setter.set(watched.get());
        let listening = watched.listen(move |value| setter.set(value.clone()));
        move || drop(listening)
    });
    (*seen).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_hear_changes_until_they_go() {
        let watched = Watched::new(1);
        let heard = Rc::new(RefCell::new(Vec::new()));
        let ear = Rc::clone(&heard);
        let listening = watched.listen(move |value| ear.borrow_mut().push(*value));
        watched.set(2);
        watched.set(2);
        watched.change(|value| *value += 1);
        drop(listening);
        watched.set(9);
        assert_eq!(*heard.borrow(), [2, 3]);
    }
}
