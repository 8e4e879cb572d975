package dedup

import (
	"time"

	"communique/feeds"
)

// monday is when the statements of these tests begin.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// say makes a draft of a text with its paragraphs on lines.
func say(id, language, title, body string, at time.Time) feeds.Draft {
	return feeds.Draft{
		Copy:      feeds.Copy{ID: id, Link: "https://" + id + ".example.org/", Title: title, Language: language, Published: at},
		Canonical: "https://" + id + ".example.org/",
		Text:      feeds.TextView{Title: title, Body: body},
	}
}

// text is one telling of a statement.
type text struct{ language, title, body string }

func (x text) at(id string, at time.Time) feeds.Draft {
	return say(id, x.language, x.title, x.body, at)
}

// flood is one statement as a relief mission's offices tell it.
var flood = map[string]text{
	"en": {"en", "Floods in central Mozambique leave 12,400 families without shelter",
		`Three days of heavy rain have flooded the districts of Buzi, Nhamatanda and Dondo in central Mozambique, and 12,400 families have lost their homes, the Harbour Relief Mission said on Tuesday.
Teams reached the town of Buzi by boat on Monday evening. They found 3,150 people sheltering in two schools and on the roof of the hospital, many of them without food or clean water for 48 hours. “The water rose faster than anyone remembers, and the families had no time to carry anything away,” said Amelia Chissano, who leads the mission's work in Sofala.
The mission has sent 6,000 tarpaulins, 9,500 blankets and 40 tonnes of maize flour from its warehouse in Chimoio. A team of 25 nurses treats wounds and looks for cases of cholera, which killed 87 people in the same districts after the cyclone of 2019.
Engineers expect the Pungwe river to reach its peak on Friday. Some 68 kilometres of the road between Beira and Chimoio lie under water, and trucks have to wait at Inchope until the bridge has been inspected.
The mission asks donors for 7.8 million dollars to help 90,000 people until the end of April.`},
	"fr": {"fr", "Inondations dans le centre du Mozambique : 12 400 familles sans abri",
		`Trois jours de fortes pluies ont inondé les districts de Buzi, Nhamatanda et Dondo, dans le centre du Mozambique, et 12 400 familles ont perdu leur maison, a indiqué mardi la Mission de secours du Port.
Les équipes ont atteint la ville de Buzi en bateau lundi soir. Elles ont trouvé 3 150 personnes réfugiées dans deux écoles et sur le toit de l'hôpital, dont beaucoup étaient privées de nourriture et d'eau potable depuis 48 heures. « L'eau est montée plus vite que jamais et les familles n'ont rien pu emporter », a déclaré Amelia Chissano, qui dirige le travail de la mission dans le Sofala.
La mission a envoyé 6 000 bâches, 9 500 couvertures et 40 tonnes de farine de maïs depuis son entrepôt de Chimoio. Une équipe de 25 infirmières soigne les blessures et recherche des cas de choléra, maladie qui avait tué 87 personnes dans les mêmes districts après le cyclone de 2019.
Les ingénieurs s'attendent à ce que le fleuve Pungwe atteigne son maximum vendredi. Quelque 68 kilomètres de la route entre Beira et Chimoio sont sous l'eau, et les camions doivent attendre à Inchope que le pont soit inspecté.
La mission demande aux donateurs 7,8 millions de dollars pour aider 90 000 personnes jusqu'à la fin du mois d'avril.`},
	"es": {"es", "Inundaciones en el centro de Mozambique dejan a 12.400 familias sin techo",
		`Tres días de fuertes lluvias han inundado los distritos de Buzi, Nhamatanda y Dondo, en el centro de Mozambique, y 12.400 familias han perdido su casa, informó el martes la Misión de Socorro del Puerto.
Los equipos llegaron en barco a la ciudad de Buzi el lunes por la noche. Encontraron a 3.150 personas refugiadas en dos escuelas y en el tejado del hospital, muchas de ellas sin comida ni agua potable desde hacía 48 horas. «El agua subió más rápido que nunca y las familias no pudieron llevarse nada», dijo Amelia Chissano, que dirige el trabajo de la misión en Sofala.
La misión ha enviado 6.000 lonas, 9.500 mantas y 40 toneladas de harina de maíz desde su almacén de Chimoio. Un equipo de 25 enfermeras cura las heridas y busca casos de cólera, que mató a 87 personas en los mismos distritos después del ciclón de 2019.
Los ingenieros esperan que el río Pungwe alcance su nivel máximo el viernes. Unos 68 kilómetros de la carretera entre Beira y Chimoio están bajo el agua, y los camiones deben esperar en Inchope hasta que se inspeccione el puente.
La misión pide a los donantes 7,8 millones de dólares para ayudar a 90.000 personas hasta finales de abril.`},
	"pt": {"pt", "Cheias no centro de Moçambique deixam 12.400 famílias sem abrigo",
		`Três dias de chuvas fortes inundaram os distritos de Buzi, Nhamatanda e Dondo, no centro de Moçambique, e 12.400 famílias perderam as suas casas, informou na terça-feira a Missão de Socorro do Porto.
As equipas chegaram de barco à cidade de Buzi na segunda-feira à noite. Encontraram 3.150 pessoas abrigadas em duas escolas e no telhado do hospital, muitas delas sem comida nem água potável há 48 horas. «A água subiu mais depressa do que nunca e as famílias não puderam levar nada», disse Amelia Chissano, que dirige o trabalho da missão em Sofala.
A missão enviou 6.000 lonas, 9.500 cobertores e 40 toneladas de farinha de milho do seu armazém em Chimoio. Uma equipa de 25 enfermeiras trata feridas e procura casos de cólera, que matou 87 pessoas nos mesmos distritos depois do ciclone de 2019.
Os engenheiros esperam que o rio Pungwe atinja o nível máximo na sexta-feira. Cerca de 68 quilómetros da estrada entre a Beira e Chimoio estão debaixo de água, e os camiões têm de esperar em Inchope até que a ponte seja inspecionada.
A missão pede aos doadores 7,8 milhões de dólares para ajudar 90.000 pessoas até ao fim de abril.`},
	"ar": {"ar", "فيضانات وسط موزمبيق تترك 12,400 أسرة بلا مأوى",
		`أغرقت الأمطار الغزيرة التي استمرت ثلاثة أيام مناطق بوزي ونهاماتاندا ودوندو في وسط موزمبيق، وفقدت 12,400 أسرة منازلها، وفقا لما ذكرته بعثة الإغاثة في الميناء يوم الثلاثاء.
ووصلت الفرق إلى مدينة بوزي بالقوارب مساء الاثنين، ووجدت 3,150 شخصا يحتمون في مدرستين وعلى سطح المستشفى، وكثير منهم بلا طعام أو مياه نظيفة منذ 48 ساعة. وقالت أميليا شيسانو التي تقود عمل البعثة في سوفالا: "ارتفعت المياه بسرعة لم يشهدها أحد من قبل، ولم يكن لدى الأسر وقت لحمل أي شيء".
وأرسلت البعثة 6,000 من الأغطية البلاستيكية و9,500 بطانية و40 طنا من دقيق الذرة من مستودعها في شيمويو. ويعالج فريق من 25 ممرضة الجروح ويبحث عن حالات الكوليرا التي قتلت 87 شخصا في المناطق نفسها بعد إعصار عام 2019.
ويتوقع المهندسون أن يبلغ نهر بونغوي ذروته يوم الجمعة. ويغمر الماء نحو 68 كيلومترا من الطريق بين بيرا وشيمويو، وعلى الشاحنات أن تنتظر في إنشوبي حتى يتم فحص الجسر.
وتطلب البعثة من المانحين 7.8 مليون دولار لمساعدة 90,000 شخص حتى نهاية نيسان/أبريل.`},
	"ru": {"ru", "Наводнение в центральном Мозамбике оставило без крова 12 400 семей",
		`Три дня сильных дождей затопили районы Бузи, Ньяматанда и Дондо в центральном Мозамбике, 12 400 семей потеряли свои дома, сообщила во вторник Портовая миссия помощи.
Группы добрались до города Бузи на лодках в понедельник вечером. Они нашли 3150 человек, которые укрылись в двух школах и на крыше больницы, многие из них 48 часов были без еды и чистой воды. «Вода поднялась быстрее, чем кто-либо помнит, и у семей не было времени что-либо унести», — сказала Амелия Чиссано, которая руководит работой миссии в Софале.
Миссия отправила 6000 брезентов, 9500 одеял и 40 тонн кукурузной муки со своего склада в Шимойо. Команда из 25 медсестер лечит раны и ищет случаи холеры, которая убила 87 человек в тех же районах после циклона 2019 года.
Инженеры ожидают, что река Пунгве достигнет максимума в пятницу. Около 68 километров дороги между Бейрой и Шимойо находятся под водой, и грузовики должны ждать в Иншопе, пока мост не будет осмотрен.
Миссия просит доноров выделить 7,8 миллиона долларов, чтобы помочь 90 000 человек до конца апреля.`},
}

// measles is another statement of the same office in the same place on the same
// day.
var measles = map[string]text{
	"en": {"en", "Measles vaccination begins for 46,000 children in Sofala",
		`Health workers have begun to vaccinate 46,000 children against measles in the province of Sofala, central Mozambique, the Harbour Relief Mission said on Tuesday.
The campaign opened in Beira with music and a play in the market of Goto, and goes on for ten days in 132 villages. Every child between six months and five years receives one dose, and vitamin A as well. Last year 1,870 children fell ill with measles in the province, and 31 of them died.
“Mothers walked for four hours to be here, since they know what this disease does,” said Joaquim Mabote, a doctor of the mission. Solar refrigerators keep the vaccine cold in clinics that have no current.
The ministry of health provides the doses and pays 520 vaccinators; the mission provides 18 motorcycles, fuel and radios. A second round is planned for September in Manica and Zambezia.`},
	"fr": {"fr", "La vaccination contre la rougeole commence pour 46 000 enfants du Sofala",
		`Le personnel de santé a commencé à vacciner 46 000 enfants contre la rougeole dans la province de Sofala, au centre du Mozambique, a indiqué mardi la Mission de secours du Port.
La campagne s'est ouverte à Beira avec de la musique et une pièce de théâtre au marché de Goto, et se poursuit pendant dix jours dans 132 villages. Chaque enfant entre six mois et cinq ans reçoit une dose, ainsi que de la vitamine A. L'an dernier, 1 870 enfants ont contracté la rougeole dans la province et 31 d'entre eux en sont morts.
« Des mères ont marché quatre heures pour venir, car elles savent ce que fait cette maladie », a déclaré Joaquim Mabote, médecin de la mission. Des réfrigérateurs solaires gardent le vaccin au froid dans les dispensaires sans courant.
Le ministère de la santé fournit les doses et paie 520 vaccinateurs ; la mission fournit 18 motos, le carburant et les radios. Une deuxième phase est prévue en septembre dans les provinces de Manica et de Zambezia.`},
	"es": {"es", "Comienza la vacunación contra el sarampión de 46.000 niños en Sofala",
		`El personal de salud ha empezado a vacunar a 46.000 niños contra el sarampión en la provincia de Sofala, en el centro de Mozambique, informó el martes la Misión de Socorro del Puerto.
La campaña se abrió en Beira con música y una obra de teatro en el mercado de Goto, y continúa durante diez días en 132 aldeas. Cada niño de entre seis meses y cinco años recibe una dosis, y también vitamina A. El año pasado 1.870 niños enfermaron de sarampión en la provincia, y 31 de ellos murieron.
«Hay madres que caminaron cuatro horas para venir, porque saben lo que hace esta enfermedad», dijo Joaquim Mabote, médico de la misión. Neveras solares mantienen fría la vacuna en los dispensarios que no tienen corriente.
El ministerio de salud aporta las dosis y paga a 520 vacunadores; la misión aporta 18 motocicletas, combustible y radios. Una segunda ronda está prevista para septiembre en Manica y Zambezia.`},
	"pt": {"pt", "Começa a vacinação contra o sarampo de 46.000 crianças em Sofala",
		`O pessoal de saúde começou a vacinar 46.000 crianças contra o sarampo na província de Sofala, no centro de Moçambique, informou na terça-feira a Missão de Socorro do Porto.
A campanha abriu na Beira com música e uma peça de teatro no mercado do Goto, e continua durante dez dias em 132 aldeias. Cada criança entre os seis meses e os cinco anos recebe uma dose, e também vitamina A. No ano passado 1.870 crianças adoeceram com sarampo na província, e 31 delas morreram.
«Há mães que andaram quatro horas para aqui chegar, porque sabem o que faz esta doença», disse Joaquim Mabote, médico da missão. Frigoríficos solares mantêm a vacina fria nos centros sem corrente.
O ministério da saúde fornece as doses e paga a 520 vacinadores; a missão fornece 18 motorizadas, combustível e rádios. Uma segunda ronda está prevista para setembro em Manica e na Zambézia.`},
	"ar": {"ar", "بدء تطعيم 46,000 طفل ضد الحصبة في سوفالا",
		`بدأ العاملون الصحيون تطعيم 46,000 طفل ضد الحصبة في مقاطعة سوفالا وسط موزمبيق، وفقا لما ذكرته بعثة الإغاثة في الميناء يوم الثلاثاء.
وافتتحت الحملة في بيرا بالموسيقى ومسرحية في سوق غوتو، وتستمر عشرة أيام في 132 قرية. ويتلقى كل طفل بين ستة أشهر وخمس سنوات جرعة واحدة مع فيتامين ألف. وفي العام الماضي أصيب 1,870 طفلا بالحصبة في المقاطعة وتوفي 31 منهم.
وقال جواكيم مابوتي، وهو طبيب في البعثة: "سارت الأمهات أربع ساعات للوصول إلى هنا لأنهن يعرفن ما يفعله هذا المرض". وتحفظ ثلاجات شمسية اللقاح باردا في العيادات التي لا كهرباء فيها.
وتوفر وزارة الصحة الجرعات وتدفع أجور 520 من القائمين بالتطعيم، وتوفر البعثة 18 دراجة نارية والوقود وأجهزة اللاسلكي. ومن المقرر إجراء جولة ثانية في أيلول/سبتمبر في مانيكا وزامبيزيا.`},
	"ru": {"ru", "В Софале началась вакцинация 46 000 детей от кори",
		`Медицинские работники начали прививать от кори 46 000 детей в провинции Софала в центральном Мозамбике, сообщила во вторник Портовая миссия помощи.
Кампания открылась в Бейре музыкой и спектаклем на рынке Гото и продлится десять дней в 132 деревнях. Каждый ребенок от шести месяцев до пяти лет получает одну дозу, а также витамин А. В прошлом году корью в провинции заболели 1870 детей, 31 из них умер.
«Матери шли четыре часа, чтобы прийти сюда, потому что знают, что делает эта болезнь», — сказал Жоаким Маботе, врач миссии. Солнечные холодильники сохраняют вакцину холодной в клиниках без электричества.
Министерство здравоохранения предоставляет дозы и платит 520 вакцинаторам; миссия предоставляет 18 мотоциклов, топливо и рации. Второй этап запланирован на сентябрь в Манике и Замбезии.`},
}

var languages = []string{"en", "fr", "es", "pt", "ar", "ru"}
