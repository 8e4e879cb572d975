package normalize

// What stands around a statement and is no part of it, as CMSs, press offices
// and syndication plugins write it. The reader still sees it all; only the
// text view leaves it out. A line is one language; everything is lower case
// with straight quotes, and is compared with a paragraph's start, folded the
// same way.
//
// To teach the view a new phrase, add it here; view_test.go has a case for
// each list.

// contacts open a paragraph that says whom to ask. It goes when it is short.
var contacts = []string{
	"for more information", "for further information", "for additional information", "for media inquiries", "for media enquiries", "for media queries", "for press inquiries", "for interviews", "media contact", "press contact", "media contacts", "press contacts", "contact information", "contact:", "contacts:", "if you would like to arrange an interview", "please contact",
	"pour plus d'information", "pour plus de renseignements", "pour de plus amples informations", "pour de plus amples renseignements", "pour toute information", "pour en savoir plus", "contact presse", "contacts presse", "contact média", "contacts médias", "contacts pour les médias", "personnes à contacter",
	"para más información", "para mas información", "para mayor información", "para obtener más información", "para mayores informes", "más información:", "contacto de prensa", "contacto para medios", "contacto para prensa", "contactos de prensa", "información de contacto", "contacto:",
	"para mais informações", "para mais informação", "para obter mais informações", "mais informações:", "contato de imprensa", "contatos de imprensa", "contacto de imprensa", "contatos para a imprensa", "informações à imprensa",
	"per ulteriori informazioni", "per maggiori informazioni", "per informazioni", "contatti stampa", "ufficio stampa", "contatto stampa",
	"für weitere informationen", "weitere informationen", "für rückfragen", "pressekontakt", "ansprechpartner", "kontakt:", "medienkontakt",
	"للمزيد من المعلومات", "لمزيد من المعلومات", "لمزيد من التفاصيل", "للمزيد من التفاصيل", "للتواصل", "للاتصال", "جهة الاتصال", "للاستفسارات الإعلامية", "للحصول على مزيد من المعلومات",
}

// invitations open a paragraph that asks the reader to go, follow, share or pay.
var invitations = []string{
	"follow us", "follow @", "subscribe to", "sign up", "join our", "share this", "share on", "share:", "like us on", "click here", "read more about", "read more on", "read more at", "read more here", "read more:", "read the full", "read full", "continue reading", "see also:", "related:", "related articles", "related posts", "related news", "related stories", "you may also like", "this release was first published", "this article was first published", "this story was originally published", "this post was originally published", "originally published at", "originally published on", "download the app", "donate now", "print this page", "email this", "tags:", "filed under", "posted in", "photo credit", "photo:", "photos:", "image credit", "view all", "back to top", "leave a comment", "to view this email",
	"suivez-nous", "suivez nous", "abonnez-vous", "abonnez vous", "inscrivez-vous", "partager sur", "partager cet article", "partagez", "cliquez ici", "lire la suite", "lire aussi", "à lire aussi", "voir aussi", "en savoir plus", "lisez", "article publié initialement", "imprimer cette page", "mots-clés", "mots clés", "étiquettes", "crédit photo", "faites un don",
	"síganos", "síguenos", "siganos", "suscríbase", "suscríbete", "suscribete", "comparte", "compartir", "haga clic", "haz clic", "leer más", "lea más", "lea también", "lee también", "ver más", "ver también", "seguir leyendo", "continuar leyendo", "sigue leyendo", "etiquetas", "crédito de la foto", "dona ahora",
	"siga-nos", "inscreva-se", "assine", "compartilhe", "compartilhar", "partilhe", "partilhar", "clique aqui", "leia mais", "ler mais", "leia também", "continue lendo", "continuar a ler", "veja também", "saiba mais", "crédito da foto",
	"seguici", "iscriviti", "condividi", "clicca qui", "leggi tutto", "leggi anche", "leggi di più", "continua a leggere", "scopri di più",
	"folgen sie uns", "abonnieren sie", "newsletter abonnieren", "teilen", "weiterlesen", "mehr lesen", "lesen sie auch", "hier klicken", "schlagwörter", "mehr erfahren",
	"تابعونا", "تابعنا", "اشترك", "اشتركوا", "شارك", "شاركوا", "اقرأ المزيد", "اقرأ أيضا", "اقرأ أيضاً", "إقرأ أيضا", "المزيد من", "انقر هنا", "اضغط هنا",
}

// elsewhere are the places that a long invitation leads to; one that names
// none is a sentence.
var elsewhere = []string{"newsletter", "facebook", "twitter", "instagram", "linkedin", "youtube", "whatsapp", "telegram", "http", "www.", "@", "published", "boletín", "boletim", "bulletin", "lettre d'information", "نشرة"}

// navigation opens what a scraper takes for text: the page's own menu.
var navigation = []string{
	"skip to main content", "skip to content", "skip to navigation", "jump to navigation", "toggle navigation", "main menu", "breadcrumb", "you are here", "home »", "home >", "home |", "search form",
	"aller au contenu", "passer au contenu", "menu principal", "vous êtes ici", "accueil »", "accueil >", "fil d'ariane",
	"pasar al contenido", "saltar al contenido", "ir al contenido", "menú principal", "está aquí", "inicio »", "inicio >",
	"pular para o conteúdo", "ir para o conteúdo", "saltar para o conteúdo", "você está aqui", "início »", "início >",
	"vai al contenuto", "salta al contenuto", "tu sei qui",
	"zum inhalt", "direkt zum inhalt", "sie sind hier", "hauptmenü",
	"تجاوز إلى المحتوى", "انتقل إلى المحتوى", "القائمة الرئيسية",
}

// rights are words of a copyright line, wherever they stand in it.
var rights = []string{
	"©", "(c) 20", "copyright 20", "copyright 19", "copyright ©", "all rights reserved",
	"tous droits réservés", "todos los derechos reservados", "todos os direitos reservados", "tutti i diritti riservati", "alle rechte vorbehalten", "جميع الحقوق محفوظة",
}

// syndicated are the two halves of what feed plugins add to an entry.
var syndicated = [][2]string{
	{"the post ", " appeared first on "},
	{"the post ", " first appeared on "},
	{"cet article ", " est apparu en premier sur "}, {"l'article ", " est apparu en premier sur "}, {"l'article ", " est paru en premier sur "}, {"l'article ", " est apparu en premier sur "},
	{"la entrada ", " se publicó primero en "}, {"la entrada ", " aparece primero en "}, {"la entrada ", " apareció primero en "},
	{"o post ", " apareceu primeiro em "}, {"o conteúdo ", " aparece primeiro em "}, {"o artigo ", " apareceu primeiro em "},
	{"l'articolo ", " proviene da "}, {"l'articolo ", " sembra essere il primo su "},
	{"der beitrag ", " erschien zuerst auf "},
	{"ظهرت المقالة ", " أولاً على "}, {"ظهرت المقالة ", " أولا على "},
}

// continued are what a cut-off text ends with.
var continued = []string{
	"continue reading", "read more", "read on", "[...]", "[…]", "lire la suite", "leer más", "seguir leyendo", "ler mais", "leia mais", "continua a leggere", "leggi tutto", "weiterlesen", "اقرأ المزيد",
}

// abouts open a heading whose paragraph presents the publisher: "About the
// Agency". Heading and paragraph go.
var abouts = []string{
	"about ", "who we are", "notes to editors", "note to editors", "notes for editors", "editor's note",
	"à propos d", "a propos d", "qui sommes-nous", "note aux rédacteurs", "note aux éditeurs", "notes aux rédacteurs",
	"acerca de", "sobre ", "quiénes somos", "nota a los editores", "nota para editores", "notas para editores",
	"quem somos", "nota aos editores",
	"informazioni su", "chi siamo", "nota per la redazione",
	"über ", "wer wir sind", "hinweis für redaktionen",
	"عن ", "نبذة عن", "حول ", "ملاحظات للمحررين", "ملاحظة للمحررين",
}

// presentations open the paragraph that presents an organisation when it has
// no heading.
var presentations = []string{
	"established in 19", "founded in 19", "established in 20", "founded in 20",
	"créée en 19", "fondée en 19", "créé en 19", "fondé en 19", "créée en 20", "fondée en 20",
	"fundada en 19", "creada en 19", "establecida en 19", "fundado en 19", "fundada en 20", "creada en 20",
	"criada em 19", "fundada em 19", "estabelecida em 19", "criado em 19", "fundado em 19",
	"fondata nel 19", "istituita nel 19", "gegründet 19", "1951 gegründet",
	"تأسست ", "أنشئت ", "أُنشئت ", "تأسس ",
}

// ends close a release: whatever follows is for the press. They stand alone,
// in capitals or between dashes; "end" alone is a line of Ruby, and stars only
// part two sections.
var ends = set("ends end fin fim fine ende 30 انتهى")

// labels are a CMS's names of fields, with or without a colon, alone in their
// line or before their value.
var labels = set("language langue idioma lingua sprache اللغة posted published publié publicado pubblicato veröffentlicht نشر date fecha data datum تاريخ " +
	"region-country region country countries région pays región país países paese land البلد themes theme thèmes thème temas tema tags tag topics topic category categories catégorie catégories categoría categorías categoria categorias kategorie " +
	"type source sources author image images share print format body submitted by location updated keywords")

// labelStarts are the same where the colon tells them from words: "Posted:".
// "Language English Posted: …" is how one large Drupal site's fields come out
// of its feed.
var labelStarts = []string{
	"language english", "language french", "language spanish", "language français", "language español", "language:", "langue:", "langue :", "idioma:", "posted:", "posted on:", "posted on ", "published:", "published on:", "publication date:", "publié le:", "publié le ", "publicado el:", "publicado el ", "publicado em:", "publicado em ",
	"region-country:", "country:", "countries:", "region:", "pays:", "pays :", "país:", "themes:", "theme:", "thèmes:", "thème:", "thèmes :", "thème :", "temas:", "tema:", "tags:", "topics:", "topic:", "category:", "categories:", "catégorie:", "catégories:", "catégorie :", "categoría:", "categorías:", "categoria:", "categorias:", "date:", "fecha:", "data:", "source:", "submitted by",
	"اللغة:", "التاريخ:", "البلد:", "الموضوعات:",
}

// glued are labels that stand inside of the first paragraph, before the text.
var glued = []string{"posted:", "region-country:", "themes:", "country:", "language:", "image:", "tags:"}

// reachables are what a line of numbers and addresses says before them.
var reachables = []string{
	"tel", "tél", "phone", "mobile", "cell", "fax", "email", "e-mail", "mail:", "courriel", "correo", "telefon", "teléfono", "telefone", "cellulare", "móvil", "whatsapp", "mailto", "هاتف", "بريد", "البريد", "جوال", "@",
}
