//! Text with places to fill in: `{{name}}`. A place without a value, or a value without a place, is a mistake.

/// Fills every place. `what` names the text in a complaint.
pub(crate) fn fill(what: &str, text: &str, values: &[(&str, &str)]) -> Result<String, String> {
    let mut filled = text.to_owned();
    for (name, value) in values {
        let place = format!("{{{{{name}}}}}");
        if !filled.contains(&place) {
            return Err(format!("{what} has no place {place}"));
        }
        filled = filled.replace(&place, value);
    }
    match filled.split_once("{{") {
        None => Ok(filled),
        Some((_, rest)) => {
            let name: String = rest.chars().take_while(|it| *it != '}' && *it != '\n').collect();
            Err(format!("{what} has a place that nothing fills: {{{{{name}}}}}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_and_every_value_is_needed() {
        assert_eq!(fill("page", "a {{x}} {{x}}", &[("x", "1")]), Ok("a 1 1".to_owned()));
        assert_eq!(fill("page", "a", &[("x", "1")]).unwrap_err(), "page has no place {{x}}");
        let left = fill("page", "a {{x}} {{y}}", &[("x", "1")]).unwrap_err();
        assert_eq!(left, "page has a place that nothing fills: {{y}}");
    }
}
