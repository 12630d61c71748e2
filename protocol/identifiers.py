"""What in a free text could say who somebody is (protocol 3.0, 3.6 sae_narr). A hint for people, no proof.

``static/js/identifiers.js`` looks by the same patterns while somebody types; one table of cases is tried on both.
"""

import re
import unicodedata

# The hundred commonest surnames, of one sign each.
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
    "范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
)
# What begins like a surname and is none: words of notes on the ward, weekdays, towns.
_NO_NAME = (
    "张口|张力|陈旧|陈述|黄疸|黄色|黄痰|周[围身期末日一二三四五六]|徐徐|孙[子女]|马上|胡言|胡萝|"
    "何[时处种人]|高[热烧血龄度位危年]|郑重|谢[绝谢]|许[可多久]|曾[有行于因在经多]|田间|余[未无可均]|"
    "于[今昨前外我本当院家术第获报达20-9]|杜冷|叶酸|程[度序]|苏醒|任何|陆续|范围|石膏|金属|夏[天季]|"
    "付[费款]|方[案式可能面]|白[细蛋天痰色]|段落|史|毛发|顾[虑忌]|万[一分]|戴[口帽着]|严[重密格]|莫名|"
    "向[家医其患我]|常[规有感常]|江[苏西门阴都]|武[汉威]|郑州|沈阳|苏州|徐州|唐山|金华|常[州德]|邵阳|"
    "黄[石山冈]|石家|龙岩|贺州|余姚"
)
_NAME = rf"(?!{_NO_NAME})[{SURNAMES}][\u4e00-\u9fff]"
_WHO = "患者|病人|受试者|家属|妻子|丈夫|儿子|女儿|母亲|父亲|医生|医师|护士|主任|教授|联系人|陪护"
_AFTER = r"[，。；：、,.;:\s（()）]|$|今|昨|于|因|自|诉|述|说|来|入|出|返|在|已|未|的|与|和|同意|签|死|复|拒|要|到|电"
_DOES = "诉|自诉|自述|述|来院|入院|返院|来诊|就诊|签署|签字|出院|死亡|来电|电话"
_TITLE = "先生|女士|医生|医师|主任|教授|大夫|护士长"

PATTERNS = {
    "id_card": re.compile(r"(?<!\d)\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx](?!\d)"),
    "telephone": re.compile(
        r"(?<!\d)(?:86[ .-]?)?1[3-9]\d[ .·-]?\d{4}[ .·-]?\d{4}(?!\d)|"
        r"(?<!\d)0\d{2,3}[ .-]\d{7,8}(?!\d)|\(0\d{2,3}\) ?\d{7,8}(?!\d)"
    ),
    "hospital_number": re.compile(r"(?<![\d.-])\d{7,16}(?![\d.])"),
    "mail": re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    "name": re.compile(
        r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? ?[A-Z]\w+|姓名|[\u4e00-\u9fff]{1,3}(?:先生|女士|患者姓)|"
        rf"(?:{_WHO})[：:，, ]?{_NAME}[\u4e00-\u9fff]?(?={_AFTER})|"
        rf"(?:^|[\s，。；：、,.;:日晨午晚]){_NAME}[\u4e00-\u9fff]?(?:{_DOES})|"
        rf"(?<![责主院任对双])(?!{_NO_NAME})[{SURNAMES}][\u4e00-\u9fff]{{0,2}}(?:{_TITLE})"
    ),
    "address": re.compile(
        r"身份证|住址|住院号|病历号|门诊号|\b(?:ID card|home address|medical record no)", re.I
    ),
}


def identifying(text: str | None) -> tuple[str, ...]:
    """The kinds of identifier that ``text`` seems to hold, none when it looks clean."""
    folded = unicodedata.normalize("NFKC", text or "")
    return tuple(kind for kind, pattern in PATTERNS.items() if pattern.search(folded))
