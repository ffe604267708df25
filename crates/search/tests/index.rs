//! The index through its face: what is found, in which order, and what a question may leave out.

use soko_search::{Names, words};

/// Names under their places in the list.
fn index(names: &[&str]) -> Names<usize> {
    let mut index = Names::default();
    for (key, name) in names.iter().enumerate() {
        index.put(key, name);
    }
    index
}

#[test]
fn the_nearest_comes_first_and_what_is_not_meant_is_left_out() {
    let index = index(&["Mango", "Mango chutney", "Crème fraîche", "Mangold", "Tea"]);
    assert_eq!(index.search("MANGO", 10, |_| true), [0, 1, 3]);
    assert_eq!(index.search("mamgo", 10, |_| true), [0, 1, 3]);
    assert_eq!(index.search("mango", 1, |_| true), [0]);
    assert_eq!(index.search("creme", 10, |_| true), [2]);
    assert_eq!(index.search("mango", 10, |key| key == 3), [3]);
    assert!(index.search("mango", 10, |key| key == 4).is_empty());
    assert!(index.search("", 10, |_| true).is_empty());
}

#[test]
fn words_of_others_do_not_crowd_out_the_words_of_those_that_are_meant() {
    let names: Vec<String> = (0..200).map(|number| format!("ma{number:03}")).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.push("Manioc");
    let index = index(&names);
    assert_eq!(index.search("ma", 10, |key| key == 200), [200]);
}

#[test]
fn a_thing_that_left_is_not_found_until_it_comes_back() {
    let mut index = index(&["Tea", "Green tea"]);
    index.take_out(0);
    index.take_out(7);
    assert_eq!(index.search("tea", 10, |_| true), [1]);
    index.put(0, "Coffee");
    assert_eq!(index.search("cofee", 10, |_| true), [0]);
    assert_eq!(index.search("tea", 10, |_| true), [1]);
}

#[test]
fn words_are_what_people_type() {
    assert_eq!(words("Crème-brûlée, 2 Stück"), ["creme", "brulee", "2", "stuck"]);
}
