//! One set of line icons, 24 units wide, drawn for Soko. Those that point somewhere are mirrored where the text
//! runs from right to left.

use yew::prelude::*;

macro_rules! icons {
    ($($name:ident = $path:literal,)*) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Icon {
            $($name),*
        }

        impl Icon {
            /// The drawing's lines.
            fn path(self) -> &'static str {
                match self {
                    $(Self::$name => $path),*
                }
            }
        }
    };
}

icons! {
    Till = "M4 10h16l1 10H3zM7 10V4h8v6M17 10V7M7.5 14h.01M12 14h.01M16.500 14h.01M7.500 17h9",
    Inbox = "M3 13l3-8h12l3 8v6H3zM3 13h5a4 4 0 0 0 8 0h5",
    Tag = "M4 4h8l9 9-8 8-9-9zM8.500 8.500h.01",
    Boxes = "M12 3l4.500 2.500v5L12 13l-4.500-2.500v-5zM7.500 10.500L3 13v5l4.500 2.500L12 18v-5M16.500 10.500L21 13v5l-4.500 2.500L12 18",
    Chart = "M4 20V4M4 20h16M8 16v-4M12 16V8M16 16v-6M20 16V6",
    Gear = "M12 9a3 3 0 1 0 0 6a3 3 0 1 0 0-6M12 3v3M12 18v3M3 12h3M18 12h3M5.600 5.600l2.100 2.100M16.300 16.300l2.100 2.100M18.400 5.600l-2.100 2.100M7.700 16.300l-2.100 2.100",
    Stall = "M4 10v10h16V10M3 9l2-5h14l2 5M3 9a3 3 0 0 0 6 0a3 3 0 0 0 6 0a3 3 0 0 0 6 0M9 20v-6h6v6",
    Search = "M11 4a7 7 0 1 0 0 14a7 7 0 1 0 0-14M16 16l5 5",
    Basket = "M3 9h18l-2 11H5zM8 9l3-6M16 9l-3-6M9 13v3M15 13v3M12 13v3",
    Receipt = "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
    Person = "M12 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8M4 21a8 8 0 0 1 16 0",
    Plus = "M12 5v14M5 12h14",
    Minus = "M5 12h14",
    Cross = "M6 6l12 12M18 6L6 18",
    Check = "M5 12.500l5 5L19.500 7",
    Back = "M15 5l-7 7 7 7",
    Forward = "M9 5l7 7-7 7",
    Down = "M5 9l7 7 7-7",
    Trash = "M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14M10 11v6M14 11v6",
    Camera = "M4 8h4l2-3h4l2 3h4v12H4zM12 10.500a3.500 3.500 0 1 0 0 7a3.500 3.500 0 1 0 0-7",
    Picture = "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.500 9h.01",
    Cash = "M3 7h18v10H3zM12 9.500a2.500 2.500 0 1 0 0 5a2.500 2.500 0 1 0 0-5M6 10v4M18 10v4",
    Card = "M3 6h18v12H3zM3 10h18M6 14.500h4",
    Phone = "M7 3h10v18H7zM11 18h2",
    Split = "M12 21v-7M12 14L6 8M12 14l6-6M6 12V8h4M18 12V8h-4",
    Print = "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
    Barcode = "M4 6v12M7 6v12M11 6v12M13 6v12M17 6v12M20 6v12",
    Pause = "M8 5v14M16 5v14",
    Percent = "M18 6L6 18M7.500 6a1.500 1.500 0 1 0 0 3a1.500 1.500 0 1 0 0-3M16.500 15a1.500 1.500 0 1 0 0 3a1.500 1.500 0 1 0 0-3",
    Note = "M5 4h14v11l-5 5H5zM14 20v-5h5M8.500 9h7M8.500 13h4",
    Pencil = "M4 20l1-5L16 4l4 4L9 19zM13.500 6.500l4 4",
    Cloud = "M7 18a4 4 0 0 1-.5-8a6 6 0 0 1 11.500 1.500a3.300 3.300 0 0 1-.5 6.500zM9.500 13.500l2 2 3.500-4",
    CloudOff = "M7 18a4 4 0 0 1-.5-8a6 6 0 0 1 1-2M11 6a6 6 0 0 1 7 5.500a3.300 3.300 0 0 1 1.800 5.500M4 4l16 16M7 18h10",
    Clock = "M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16M12 8v4.500l3 2",
    Warning = "M12 4L2.500 20h19zM12 10v4.500M12 17.300h.01",
    Info = "M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16M12 11v5M12 8h.01",
    Grid = "M4 4h6.500v6.500H4zM13.500 4H20v6.500h-6.500zM4 13.500h6.500V20H4zM13.500 13.500H20V20h-6.500z",
    Rows = "M4 6h16M4 12h16M4 18h16",
    Sun = "M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8M12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400",
    Moon = "M20 14a8.500 8.500 0 0 1-10-10a8.500 8.500 0 1 0 10 10",
    Globe = "M12 3.500a8.500 8.500 0 1 0 0 17a8.500 8.500 0 1 0 0-17M3.500 12h17M12 3.500c5 5 5 12 0 17c-5-5-5-12 0-17",
    Keyboard = "M3 6h18v12H3zM7 10h.01M10.500 10h.01M14 10h.01M17.500 10h.01M8 14h8",
    Command = "M8 8H6a2 2 0 1 1 2-2zM16 8h2a2 2 0 1 0-2-2zM8 16H6a2 2 0 1 0 2 2zM16 16h2a2 2 0 1 1-2 2zM8 8h8v8H8z",
    Drawer = "M3 5h18v6H3zM3 11v8h18v-8M9.500 15h5",
    Refund = "M9 5L4 10l5 5M4 10h10a5.500 5.500 0 0 1 0 11h-3",
    Truck = "M2.500 6h11v10h-11zM13.500 9.500h4l4 3.500v3h-8M7 16a2 2 0 1 0 0 4a2 2 0 1 0 0-4M17.500 16a2 2 0 1 0 0 4a2 2 0 1 0 0-4",
    Archive = "M3 5h18v4H3zM5 9v11h14V9M10 13h4",
    Count = "M6 4h12v17H6zM9 2.500h6v3H9zM9 11l1.500 1.500L13 10M9 16h6",
    Share = "M4 12h13M12 6l6 6-6 6M21 5v14",
    Device = "M3 5h13v10H3zM7 19h5M9.500 15v4M17 9h4v11h-4z",
    Key = "M8 12a4 4 0 1 0 0 .01M12 12h9M18 12v4M21 12v3",
    Link = "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1.500 1.500M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1.500-1.500",
    Pin = "M12 21c-4-5-6.500-8-6.500-11.500a6.500 6.500 0 0 1 13 0C18.500 13 16 16 12 21zM12 7.500a2.200 2.200 0 1 0 0 4.400a2.200 2.200 0 1 0 0-4.400",
    Bell = "M6 17V11a6 6 0 0 1 12 0v6l2 1.500H4zM10 21h4",
    Star = "M12 4l2.500 5.300 5.800.7-4.300 4 1.200 5.700L12 16.800l-5.200 2.900L8 14l-4.300-4 5.800-.7z",
    Heart = "M12 20C6 15.500 3 12.500 3 9a4.700 4.700 0 0 1 9-2a4.700 4.700 0 0 1 9 2c0 3.500-3 6.500-9 11z",
    Save = "M12 4v11M7 11l5 5 5-5M5 20h14",
    Swap = "M4 8h15M15 4l4 4-4 4M20 16H5M9 12l-4 4 4 4",
}

impl Icon {
    fn is_directional(self) -> bool {
        matches!(self, Self::Back | Self::Forward | Self::Refund | Self::Truck | Self::Share)
    }
}

/// The drawing alone: names are said by what it stands in.
pub fn icon(which: Icon) -> Html {
    let class = if which.is_directional() { "icon icon-directional" } else { "icon" };
    html! {
        <svg {class} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d={which.path()} />
        </svg>
    }
}
