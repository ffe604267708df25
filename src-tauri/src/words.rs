//! The few sentences that this shell says outside the page: in notifications and in the tray. The page's own words
//! are the page's affair.

use soko_app_api::OwnOrderState;

/// A language that the page offers, too.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Language {
    #[default]
    English,
    Swahili,
    French,
    Arabic,
}

impl Language {
    /// Under this key the page keeps what the person chose, as a code such as `sw`.
    pub(crate) const KEPT_UNDER: &'static str = "language";

    #[cfg(test)]
    pub(crate) const ALL: [Self; 4] = [Self::English, Self::Swahili, Self::French, Self::Arabic];

    /// From what was kept, or from what the system says (`sw_KE.UTF-8`): the first two letters count.
    pub(crate) fn read(code: &[u8]) -> Option<Self> {
        let two: [u8; 2] = code.get(..2)?.try_into().ok()?;
        let ends = code.get(2).is_none_or(|next| !next.is_ascii_alphanumeric());
        let known = match &two {
            b"en" => Self::English,
            b"sw" => Self::Swahili,
            b"fr" => Self::French,
            b"ar" => Self::Arabic,
            _ => return None,
        };
        ends.then_some(known)
    }

    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Swahili => &SWAHILI,
            Self::French => &FRENCH,
            Self::Arabic => &ARABIC,
        }
    }
}

/// Sentences of one language. `{stall}`, `{product}`, `{total}`, `{amount}`, `{lines}` and `{count}` are filled in.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) new_order: &'static str,
    pub(crate) new_order_more: &'static str,
    pub(crate) still_waiting: &'static str,
    pub(crate) order_saved: &'static str,
    pub(crate) order_reconfirm: &'static str,
    pub(crate) order_held: &'static str,
    pub(crate) order_accepted: &'static str,
    pub(crate) order_packed: &'static str,
    pub(crate) order_ready: &'static str,
    pub(crate) order_on_the_way: &'static str,
    pub(crate) order_handed_over: &'static str,
    pub(crate) order_cancelled: &'static str,
    pub(crate) order_refused: &'static str,
    pub(crate) paid: &'static str,
    pub(crate) paid_many: &'static str,
    pub(crate) part_back: &'static str,
    pub(crate) part_owed: &'static str,
    pub(crate) return_taken: &'static str,
    pub(crate) return_refused: &'static str,
    pub(crate) low: &'static str,
    pub(crate) low_many: &'static str,
    pub(crate) out: &'static str,
    pub(crate) out_many: &'static str,
    pub(crate) incident: &'static str,
    pub(crate) incident_more: &'static str,
    pub(crate) test: &'static str,
    pub(crate) test_more: &'static str,
    pub(crate) show: &'static str,
    pub(crate) open: &'static str,
    pub(crate) sell: &'static str,
    pub(crate) orders: &'static str,
    pub(crate) stay: &'static str,
    pub(crate) quit: &'static str,
    pub(crate) getting_ready: &'static str,
    pub(crate) trouble: &'static str,
    pub(crate) arriving: &'static str,
    pub(crate) all_sent: &'static str,
    pub(crate) waiting: &'static str,
    pub(crate) no_connection: &'static str,
    pub(crate) no_connection_waiting: &'static str,
    pub(crate) only_here: &'static str,
}

impl Words {
    pub(crate) fn own_order(&self, state: OwnOrderState) -> &'static str {
        match state {
            OwnOrderState::Saved => self.order_saved,
            OwnOrderState::Reconfirm => self.order_reconfirm,
            OwnOrderState::Held => self.order_held,
            OwnOrderState::Accepted => self.order_accepted,
            OwnOrderState::Packed => self.order_packed,
            OwnOrderState::Ready => self.order_ready,
            OwnOrderState::OnTheWay => self.order_on_the_way,
            OwnOrderState::HandedOver => self.order_handed_over,
            OwnOrderState::Cancelled => self.order_cancelled,
            OwnOrderState::Refused => self.order_refused,
        }
    }
}

static ENGLISH: Words = Words {
    new_order: "New order at {stall}",
    new_order_more: "{total} · lines: {lines}",
    still_waiting: "Still waiting at {stall}",
    order_saved: "Your order is kept on this device",
    order_reconfirm: "Your order changed: please look at it again",
    order_held: "Your order is set aside for you",
    order_accepted: "The stall has accepted your order",
    order_packed: "Your order is packed",
    order_ready: "Your order is ready: come and fetch it",
    order_on_the_way: "Your order is on its way",
    order_handed_over: "Your order was handed over",
    order_cancelled: "Your order was cancelled",
    order_refused: "Your order was refused",
    paid: "{amount} came for an order at {stall}",
    paid_many: "{count} payments came at {stall}",
    part_back: "{stall} gives you {amount} back",
    part_owed: "{amount} from {stall} did not come back the way you paid",
    return_taken: "{stall} has what you brought back",
    return_refused: "{stall} does not take your return",
    low: "{product} runs low at {stall}",
    low_many: "{count} products run low at {stall}",
    out: "{product} has run out at {stall}",
    out_many: "{count} products have run out at {stall}",
    incident: "{stall} needs your eye",
    incident_more: "A number does not add up. Look when you have a moment.",
    test: "Notifications arrive",
    test_more: "New orders will show up like this.",
    show: "Show",
    open: "Open Soko",
    sell: "Sell",
    orders: "Orders",
    stay: "Keep running when the window is closed",
    quit: "Quit",
    getting_ready: "Getting ready",
    trouble: "Needs your attention",
    arriving: "Fetching what your stall has",
    all_sent: "All sent",
    waiting: "Waiting to be sent: {count}",
    no_connection: "No connection, selling works",
    no_connection_waiting: "No connection, selling works. Waiting to be sent: {count}",
    only_here: "Saved on this device",
};

static SWAHILI: Words = Words {
    new_order: "Oda mpya: {stall}",
    new_order_more: "{total} · bidhaa: {lines}",
    still_waiting: "Oda bado inasubiri: {stall}",
    order_saved: "Oda yako imehifadhiwa kwenye kifaa hiki",
    order_reconfirm: "Oda yako imebadilika: tafadhali iangalie tena",
    order_held: "Oda yako imetengwa kwa ajili yako",
    order_accepted: "Kibanda kimekubali oda yako",
    order_packed: "Oda yako imefungwa",
    order_ready: "Oda yako iko tayari: njoo uichukue",
    order_on_the_way: "Oda yako iko njiani",
    order_handed_over: "Oda yako imekabidhiwa",
    order_cancelled: "Oda yako imeghairiwa",
    order_refused: "Oda yako imekataliwa",
    paid: "{amount} imefika kwa oda ya {stall}",
    paid_many: "Malipo {count} yamefika kwa {stall}",
    part_back: "{stall} kinakurudishia {amount}",
    part_owed: "{amount} kutoka {stall} hazikurudi kwa njia uliyolipia",
    return_taken: "{stall} kimepokea ulichorudisha",
    return_refused: "{stall} hakikubali unachorudisha",
    low: "{product} inakaribia kuisha: {stall}",
    low_many: "Bidhaa {count} zinakaribia kuisha: {stall}",
    out: "{product} imeisha: {stall}",
    out_many: "Bidhaa {count} zimeisha: {stall}",
    incident: "{stall}: kuna jambo la kuangalia",
    incident_more: "Idadi hailingani. Angalia ukipata nafasi.",
    test: "Arifa zinafika",
    test_more: "Oda mpya zitaonekana hivi.",
    show: "Onyesha",
    open: "Fungua Soko",
    sell: "Uza",
    orders: "Oda",
    stay: "Endelea kufanya kazi dirisha likifungwa",
    quit: "Funga kabisa",
    getting_ready: "Inajiandaa",
    trouble: "Inahitaji uangalifu wako",
    arriving: "Inapokea yaliyo ya kibanda",
    all_sent: "Zote zimetumwa",
    waiting: "Zinazosubiri kutumwa: {count}",
    no_connection: "Hakuna mtandao, kuuza kunaendelea",
    no_connection_waiting: "Hakuna mtandao, kuuza kunaendelea. Zinazosubiri kutumwa: {count}",
    only_here: "Imehifadhiwa kwenye kifaa hiki",
};

static FRENCH: Words = Words {
    new_order: "Nouvelle commande chez {stall}",
    new_order_more: "{total} · lignes : {lines}",
    still_waiting: "Commande en attente chez {stall}",
    order_saved: "Votre commande est gardée sur cet appareil",
    order_reconfirm: "Votre commande a changé : veuillez la revoir",
    order_held: "Votre commande est mise de côté pour vous",
    order_accepted: "L’étal a accepté votre commande",
    order_packed: "Votre commande est préparée",
    order_ready: "Votre commande est prête : venez la retirer",
    order_on_the_way: "Votre commande est en route",
    order_handed_over: "Votre commande a été remise",
    order_cancelled: "Votre commande a été annulée",
    order_refused: "Votre commande a été refusée",
    paid: "{amount} reçus pour une commande chez {stall}",
    paid_many: "{count} paiements reçus chez {stall}",
    part_back: "{stall} vous rend {amount}",
    part_owed: "{amount} de {stall} ne vous sont pas revenus par la voie du paiement",
    return_taken: "{stall} a repris votre retour",
    return_refused: "{stall} n’accepte pas votre retour",
    low: "Il reste peu de {product} chez {stall}",
    low_many: "Il reste peu de {count} produits chez {stall}",
    out: "Plus de {product} chez {stall}",
    out_many: "{count} produits épuisés chez {stall}",
    incident: "{stall} demande votre attention",
    incident_more: "Un compte n’est pas juste. Regardez quand vous aurez un moment.",
    test: "Les notifications arrivent",
    test_more: "Les nouvelles commandes apparaîtront ainsi.",
    show: "Afficher",
    open: "Ouvrir Soko",
    sell: "Vendre",
    orders: "Commandes",
    stay: "Continuer quand la fenêtre est fermée",
    quit: "Quitter",
    getting_ready: "Préparation",
    trouble: "Demande votre attention",
    arriving: "Réception de ce que l’étal a déjà",
    all_sent: "Tout est envoyé",
    waiting: "En attente d’envoi : {count}",
    no_connection: "Pas de connexion, la vente continue",
    no_connection_waiting: "Pas de connexion, la vente continue. En attente d’envoi : {count}",
    only_here: "Enregistré sur cet appareil",
};

static ARABIC: Words = Words {
    new_order: "طلب جديد في {stall}",
    new_order_more: "{total} · عدد البنود: {lines}",
    still_waiting: "طلب ما زال ينتظر في {stall}",
    order_saved: "طلبك محفوظ على هذا الجهاز",
    order_reconfirm: "تغيّر طلبك: يرجى مراجعته مرة أخرى",
    order_held: "طلبك محجوز لك",
    order_accepted: "قبل الكشك طلبك",
    order_packed: "طلبك مجهّز",
    order_ready: "طلبك جاهز: تعال لاستلامه",
    order_on_the_way: "طلبك في الطريق",
    order_handed_over: "تم تسليم طلبك",
    order_cancelled: "أُلغي طلبك",
    order_refused: "رُفض طلبك",
    paid: "وصل {amount} عن طلب لدى {stall}",
    paid_many: "وصلت {count} من الدفعات لدى {stall}",
    part_back: "يعيد إليك {stall} مبلغ {amount}",
    part_owed: "لم يعد إليك {amount} من {stall} بالطريقة التي دفعت بها",
    return_taken: "استلم {stall} ما أعدته",
    return_refused: "لا يقبل {stall} ما تريد إعادته",
    low: "أوشك {product} على النفاد لدى {stall}",
    low_many: "أوشكت {count} من المنتجات على النفاد لدى {stall}",
    out: "نفد {product} لدى {stall}",
    out_many: "نفدت {count} من المنتجات لدى {stall}",
    incident: "{stall} يحتاج إلى انتباهك",
    incident_more: "هناك رقم غير مطابق. راجعه عندما يتاح لك الوقت.",
    test: "الإشعارات تصل",
    test_more: "ستظهر الطلبات الجديدة هكذا.",
    show: "عرض",
    open: "فتح سوكو",
    sell: "بيع",
    orders: "الطلبات",
    stay: "متابعة العمل عند إغلاق النافذة",
    quit: "إنهاء",
    getting_ready: "يجري التجهيز",
    trouble: "يحتاج إلى انتباهك",
    arriving: "يُجلب ما لدى كشكك",
    all_sent: "تم إرسال كل شيء",
    waiting: "بانتظار الإرسال: {count}",
    no_connection: "لا يوجد اتصال، البيع مستمر",
    no_connection_waiting: "لا يوجد اتصال، البيع مستمر. بانتظار الإرسال: {count}",
    only_here: "محفوظ على هذا الجهاز",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_read_from_a_code_or_a_locale() {
        for (code, expected) in [
            ("en", Some(Language::English)),
            ("sw_KE.UTF-8", Some(Language::Swahili)),
            ("fr-CA", Some(Language::French)),
            ("ar", Some(Language::Arabic)),
            ("", None),
            ("C", None),
            ("de", None),
            ("arn", None),
        ] {
            assert_eq!(Language::read(code.as_bytes()), expected, "{code}");
        }
    }

    #[test]
    fn every_language_says_everything_with_the_same_blanks() {
        for language in Language::ALL {
            let words = language.words();
            for (sentence, blanks) in [
                (words.new_order, &["{stall}"][..]),
                (words.new_order_more, &["{total}", "{lines}"]),
                (words.still_waiting, &["{stall}"]),
                (words.low, &["{product}", "{stall}"]),
                (words.low_many, &["{count}", "{stall}"]),
                (words.out, &["{product}", "{stall}"]),
                (words.out_many, &["{count}", "{stall}"]),
                (words.incident, &["{stall}"]),
                (words.waiting, &["{count}"]),
                (words.no_connection_waiting, &["{count}"]),
                (words.order_held, &[]),
                (words.getting_ready, &[]),
                (words.trouble, &[]),
                (words.arriving, &[]),
                (words.all_sent, &[]),
            ] {
                assert!(!sentence.is_empty(), "{language:?}");
                assert_eq!(sentence.matches('{').count(), blanks.len(), "{language:?}: {sentence}");
                assert!(blanks.iter().all(|blank| sentence.contains(blank)), "{language:?}: {sentence}");
            }
        }
    }
}
