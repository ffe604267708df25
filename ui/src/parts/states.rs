//! The states of a view that are not its content: nothing yet, being fetched, gone wrong; and small signs.

use yew::prelude::*;

use super::{Icon, icon};
use crate::live::Live;
use crate::speech::use_speech;

#[derive(Properties, PartialEq)]
pub struct EmptyProps {
    pub icon: Icon,
    pub title: AttrValue,
    pub text: AttrValue,
    /// The next step, as a button or a link.
    #[prop_or_default]
    pub children: Html,
}

/// Nothing here yet, and what to do about it.
#[component]
pub fn Empty(props: &EmptyProps) -> Html {
    html! {
        <section class="empty">
            <span class="empty-sign">{ icon(props.icon) }</span>
            <h2>{ props.title.clone() }</h2>
            <p>{ props.text.clone() }</p>
            <div class="row row-center">{ props.children.clone() }</div>
        </section>
    }
}

#[derive(Properties, PartialEq)]
pub struct LoadingProps {
    #[prop_or(4)]
    pub rows: usize,
}

/// Grey rows that appear only when the answer takes long enough to be noticed; see `.skeleton` in the styles.
#[component]
pub fn Loading(props: &LoadingProps) -> Html {
    let speech = use_speech();
    html! {
        <div class="skeleton" role="status" aria-label={speech.say("state.loading")}>
            { for (0..props.rows).map(|_| html! { <span class="skeleton-row" /> }) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct BusyProps {
    pub live: Live,
    #[prop_or(4)]
    pub rows: usize,
}

/// For a view that has no answer to show: fetching, or why there is none.
#[component]
pub fn Busy(props: &BusyProps) -> Html {
    let speech = use_speech();
    let Some(failure) = props.live.failure() else {
        return html! { <Loading rows={props.rows} /> };
    };
    let text = failure.sentence(&speech);
    html! {
        <Empty icon={Icon::Warning} title={speech.say("state.failed")} {text}>
            <button type="button" class="button" onclick={props.live.again.reform(|_| ())}>
                { speech.say("action.try-again") }
            </button>
        </Empty>
    }
}

#[derive(Properties, PartialEq)]
pub struct ProblemProps {
    pub text: AttrValue,
    #[prop_or_default]
    pub children: Html,
}

/// Something is wrong with what is shown here, said where it is.
#[component]
pub fn Problem(props: &ProblemProps) -> Html {
    html! {
        <div class="problem" role="status">
            { icon(Icon::Warning) }
            <p>{ props.text.clone() }</p>
            { props.children.clone() }
        </div>
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SavedTone {
    Quiet,
    Good,
    Waiting,
    Bad,
}

#[derive(Properties, PartialEq)]
pub struct BadgeProps {
    pub tone: SavedTone,
    pub text: AttrValue,
}

#[component]
pub fn Badge(props: &BadgeProps) -> Html {
    let class = match props.tone {
        SavedTone::Quiet => "badge",
        SavedTone::Good => "badge badge-good",
        SavedTone::Waiting => "badge badge-waiting",
        SavedTone::Bad => "badge badge-bad",
    };
    html! { <span {class}>{ props.text.clone() }</span> }
}

#[derive(Properties, PartialEq)]
pub struct PhotoProps {
    /// Where it is shown from; none for a product without a picture.
    pub address: Option<AttrValue>,
    /// The name, whose first letter stands in for a picture.
    pub name: AttrValue,
    #[prop_or_default]
    pub class: Classes,
}

/// A picture of a product, or a tile with its initial in one of six tones chosen by its name. The name is beside
/// it wherever it stands, so it is not said twice.
#[component]
pub fn Photo(props: &PhotoProps) -> Html {
    let is_broken = use_state(|| None::<AttrValue>);
    let class = classes!("photo", props.class.clone());
    match &props.address {
        Some(address) if (*is_broken).as_ref() != Some(address) => {
            let onerror = {
                let (is_broken, address) = (is_broken.clone(), address.clone());
                Callback::from(move |_: Event| is_broken.set(Some(address.clone())))
            };
            html! { <span {class}><img src={address.clone()} alt="" loading="lazy" decoding="async" {onerror} /></span> }
        }
        _ => {
            let initial: String =
                props.name.chars().find(|letter| letter.is_alphanumeric()).into_iter().collect();
            let tone =
                props.name.bytes().fold(7_u32, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(16_777_619))
                    / 97
                    % 6;
            html! {
                <span class={classes!(class, format!("photo-tone-{tone}"))} aria-hidden="true">
                    { initial.to_uppercase() }
                </span>
            }
        }
    }
}
