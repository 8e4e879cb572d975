package word

import (
	"strings"
	"sync"
)

// Words that mean nothing by themselves: articles, pronouns, prepositions,
// conjunctions, auxiliaries, the commonest adverbs. Folded.
var functionWords = map[string]string{
	"en": `a about above after again against all also although am among an and any are aren as at be because been before being between both but by can cannot could
 couldn did didn do does doesn doing don down during each either else even ever every few for from further had has hasn have haven having he her here hers herself
 him himself his how however i if in into is isn it its itself just least less let ll may me might more most much must my myself neither no nor not now of off often
 on once one only onto or other others our ours ourselves out over own per quite rather re s same shall she should since so some such t than that the their theirs
 them themselves then there therefore these they this those though through thus to too toward towards under unless until up upon us ve very via was wasn we well were
 weren what when where whether which while who whom whose why will with within without won would wouldn yet you your yours yourself yourselves`,
	"fr": `a afin ai ainsi alors apres as au aucun aucune aupres auquel aura auraient aurait auront aussi autre autres aux auxquelles auxquels avaient avait avant avec
 avez avoir avons ayant beaucoup bien c car ce ceci cela celle celles celui cependant ces cet cette ceux chacun chacune chaque chez ci comme comment contre d dans
 davantage de deja depuis des desquelles desquels dessous dessus deux dont donc du duquel durant elle elles en encore ensuite entre envers est et etaient etait etant
 etc ete etre eu eux fait faire faut fois font furent fut hors ici il ils j je jusqu jusque l la laquelle le lequel les lesquelles lesquels leur leurs lors lorsqu
 lorsque lui m ma mais malgre me meme memes mes mieux moi moins mon n ne ni non nos notre nous on ont ou oui par parce parmi pas pendant peu peut peuvent plus
 plusieurs plutot pour pourquoi pourrait pouvoir pres puis puisque qu quand que quel quelle quelles quelqu quelque quelques quels qui quoi quoique s sa sans sauf se
 selon sera seraient serait seront ses seulement si sinon soient soit son sont sous souvent suis sur t ta tandis tant te tel telle telles tels tes toi ton toujours
 tous tout toute toutes tres trop tu un une va vers voici voila vont vos votre vous y`,
	"es": `a acerca ademas ahora al algo alguien algun alguna algunas alguno algunos ambos ante antes aquel aquella aquellas aquellos aqui asi aun aunque bajo bastante
 bien cada casi como con contra cual cuales cualquier cualquiera cuando cuanto de del demas dentro desde despues donde dos durante e el ella ellas ello ellos en
 encima entonces entre era eran eres es esa esas ese eso esos esta estaba estaban estado estamos estan estar estas este esto estos estoy fin fue fueron fuera ha
 haber habia habian habra hace hacen hacer hacia han hasta hay he hemos incluso junto la las le les lo los luego mas me mediante mejor menos mi mia mientras mio mis
 misma mismas mismo mismos mucha muchas mucho muchos muy nada nadie ni ningun ninguna ninguno no nos nosotros nuestra nuestras nuestro nuestros nunca o os otra otras
 otro otros para pero poco por porque pueda pueden puede pues que quien quienes se sea sean segun ser sera seran si sido siempre siendo sin sino sobre solo somos son
 soy su sus suya suyo tal tales tambien tampoco tan tanto te tenemos tener tenia ti tiene tienen toda todas todavia todo todos tras tu tus un una unas uno unos usted
 ustedes vez veces y ya yo`,
	"pt": `a acerca agora ainda alem algo alguem algum alguma algumas alguns ambos ante antes ao aos apenas apos aquela aquelas aquele aqueles aqui as assim ate atraves
 bem cada coisa com como contra contudo cuja cujas cujo cujos da das de dela delas dele deles demais depois desde dessa dessas desse desses desta destas deste destes
 deve devem do dois dos durante e ela elas ele eles em embora enquanto entanto entao entre era eram essa essas esse esses esta estao estar estas estava estavam este
 estes estou eu fazer foi for foram fosse ha isso isto ja la lhe lhes lo logo mais mas me mediante melhor menos mesma mesmas mesmo mesmos meu meus minha minhas
 muita muitas muito muitos na nada nao nas nem nenhum nenhuma nessa nesse nesta neste ninguem no nos nossa nossas nosso nossos num numa nunca o onde os ou outra
 outras outro outros para pela pelas pelo pelos perante pode podem pois por porem porque pouco pouca pra qual quais qualquer quando quanto que quem se seja sejam sem
 sempre sendo ser sera serao seu seus si sido sob sobre sua suas tais tal tambem tampouco tanto tao te tem temos tenho ter teve tinha tinham toda todas todavia todo
 todos tu tua tudo um uma umas uns vez vezes voce voces vos`,
	"it": `a ad affinche ai al alcun alcuna alcune alcuni all alla alle allo allora altra altre altri altro anche ancora anzi appena assai attraverso aveva avevano avere
 ben bene c che chi ci cio cioe circa ciascuno coi col come comunque con contro cosi cui d da dagli dai dal dall dalla dalle dallo davanti degli dei del dell della
 delle dello dentro deve devono di dietro dopo dove due dunque durante e ebbe ecco ed egli ella entro era erano essa esse essendo essere essi esso fa fare fino fra
 fu furono fuori gia gli ha hai hanno ho i il in infatti inoltre insieme intorno invece io l la le lei li lo loro lui lungo ma mai me meglio meno mentre mi mia mie
 miei mio molta molte molti molto ne negli nei nel nell nella nelle nello nemmeno nessun nessuna nessuno niente no noi non nostra nostre nostri nostro nulla o ogni
 oltre oppure ora per perche percio pero piu po poco poi possa possono presso prima proprio pur pure puo qual quale quali qualche qualcosa qualcuno quando quanta
 quante quanti quanto quasi quel quella quelle quelli quello quest questa queste questi questo qui quindi s se secondo sei sempre senza si sia siamo siano sono
 sopra sotto sta stata state stati stato stesso stessa su sua sue sugli sui sul sull sulla sulle sullo suo suoi tale tali tanto te ti tra tranne troppo tu tua tue
 tuoi tutta tutte tutti tutto un una uno va verso vi via vicino voi vostra vostro`,
	"de": `ab aber alle allem allen aller alles als also am an andere anderem anderen anderer anderes auch auf aus ausser bei beide beiden beim bereits bevor bin bis
 bist da dabei dadurch dafur dagegen daher damit danach daneben dann daran darauf daraus darf darin daruber darum darunter das dass davon dazu dein deine dem den
 denen denn dennoch der deren des deshalb dessen die dies diese diesem diesen dieser dieses doch dort du durch durfen ein eine einem einen einer eines einige einigen
 einiger einmal er es etwa etwas euch euer fur ganz gegen gegenuber gewesen gibt hab habe haben hat hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem
 ihren ihrer ihres im immer in indem infolge innerhalb ins ist ja jede jedem jeden jeder jedes jedoch jemand jene jenem jenen jener jenes jetzt kann kein keine
 keinem keinen keiner konnen konnte konnten laut man manche mehr mein meine meinem meinen meiner mich mir mit muss mussen musste mussten nach nachdem neben nein
 nicht nichts noch nun nur ob obwohl oder ohne pro sehr seien sein seine seinem seinen seiner seines seit selbst sich sie sind so sobald sogar solche solchen sollen
 sollte sollten sondern sonst soweit sowie sowohl statt trotz uber um und uns unser unsere unserem unseren unserer unter viel viele vielen vom von vor wahrend war
 waren ware warum was weder wegen weil weiter weitere weiteren welche welchem welchen welcher welches wenn wer werde werden wie wieder will wir wird wo wobei wollen
 worden wurde wurden zu zum zur zwar zwei zwischen`,
	"ru": `а без более больше будем будет будете будут бы был была были было быть в вам вами вас ваш ваша ваши вашего ведь весь во вот впрочем все всегда всего всей всем
 всеми всех всю вы где да даже для до должен должна должно должны другая другие других другого другой другом его ее ей ему если есть еще же за здесь и из или им ими
 иногда их к каждая каждого каждой каждый как какая какие каких какой ко когда кого которая которого которое которой котором которому которую которые который которым
 которыми которых кроме кто куда ли либо лишь между менее меня мне много многие многих может могут мной можно мои мой моя мы на над надо наиболее нам нами нас наш
 наша наше нашего нашей наши наших не него нее ней некоторые некоторых нельзя нем нему нет нею ни ним ними них ничего но ну о об оба обо один одна однако одни одним
 одного одной одном он она они оно опять от ото очень перед по под после потом потому почему почти при про путем раз разве с сам сама сами самих само самого самой
 самые самый самых свое своего своей своем своему свои своим своими своих свой свою себе себя со собой совсем так такая также такие таких такого такое такой таким
 там те тебе тебя тем теми теперь тех то тобой тогда того тоже той только том тому тот ту тут ты у уж уже хоть хотя чего чей чем через что чтобы чья эта эти этим
 этими этих это этого этой этом этому этот эту я является являются`,
	"ar": `في من علي الي عن مع هذا هذه ذلك تلك التي الذي الذين اللذين اللتي اللواتي هو هي هم هن هما انت انتم نحن انا ان انه انها انهم اننا كان كانت كانوا يكون تكون ليس
 ليست لم لن لا ما ماذا متي اين كيف كم قد لقد سوف او ام ثم بل لكن ولكن حتي اذا اذ اذن لو لولا كل كلا كلتا بعض اي ايه ايضا غير سوي بين بعد قبل عند عندما حيث حين حينما
 منذ خلال عبر ضد نحو حول فوق تحت امام وراء دون بدون لدي لديه لديها لديهم لها له لهم لنا لك لي بها به بهم منها منه منهم فيها فيه فيهم عنها عنه عليها عليه عليهم اليها
 اليه اليهم معها معه التى وهو وهي وهم وان وانه وانها وكان وكانت وقد ولم ولا وما وفي ومن وعلي والي وعن ومع وهذا وهذه وذلك فان فانه فقد فقط فلا كما كذلك لذلك بذلك هنا
 هناك هنالك مثل مما ممن عما فيما بما كلما لان لانه لانها لانهم بان بانه باي اكثر اقل جدا يمكن يجب ينبغي مازال لايزال تم يتم وتم كي لكي اما اما سواء الا وكذلك عدم جميع
 احد احدي نفس نفسه ذات ذو وقت ضمن حسب وفق وفقا هؤلاء هولا اولئك`,
}

var functions = func() map[string]func() map[string]bool {
	all := make(map[string]func() map[string]bool, len(functionWords))
	for language, words := range functionWords {
		all[language] = sync.OnceValue(func() map[string]bool {
			set := map[string]bool{}
			for _, w := range strings.Fields(words) {
				set[string(Fold(nil, []byte(w)))] = true
			}
			return set
		})
	}
	return all
}()

// Functions gives the function words of a language (its base tag), folded; nil
// when there is no list.
func Functions(language string) map[string]bool {
	if f := functions[language]; f != nil {
		return f()
	}
	return nil
}
