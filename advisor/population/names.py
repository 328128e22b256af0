"""What a synthetic firm is called: its place, its unified social credit code and its name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from advisor.population.draws import Array, Draws, weighted

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of a unified social credit code (GB 32100): no I, O, S, V, Z."""


@dataclass(frozen=True, slots=True)
class Place:
    """A district, its six-figure administrative code, and how much it weighs among the firms of all places."""

    region: str
    city: str
    district: str
    code: str
    weight: float


_CHONGQING = (
    "渝北区 500112 10|九龙坡区 500107 8|江北区 500105 7|沙坪坝区 500106 6|渝中区 500103 5|南岸区 500108 6|巴南区 500113 5|北碚区 500109 4|"
    "大渡口区 500104 2.5|两江新区 500112 6|高新区 500107 4|万州区 500101 4.5|涪陵区 500102 3.5|永川区 500118 3|江津区 500116 3.5|"
    "合川区 500117 3|璧山区 500120 3|长寿区 500115 2.2|綦江区 500110 1.8|大足区 500111 2|铜梁区 500151 2|潼南区 500152 1.5|荣昌区 500153 1.8|"
    "开州区 500154 2|梁平区 500155 1.3|南川区 500119 1.3|黔江区 500114 1|武隆区 500156 0.8|云阳县 500235 1.2|忠县 500233 1|奉节县 500236 1|"
    "垫江县 500231 1.1|丰都县 500230 0.8|秀山县 500241 0.7|酉阳县 500242 0.7|彭水县 500243 0.7|石柱县 500240 0.6|巫山县 500237 0.6|"
    "巫溪县 500238 0.4|城口县 500229 0.3|万盛经开区 500110 0.5"
)
_SICHUAN = (
    "成都 武侯区 510107 3|成都 青羊区 510105 2|成都 双流区 510116 2|成都 龙泉驿区 510112 1.5|绵阳 涪城区 510703 1.2|德阳 旌阳区 510603 1|"
    "宜宾 翠屏区 511502 1|泸州 江阳区 510502 0.8|南充 顺庆区 511302 0.8|达州 通川区 511702 0.6|广安 广安区 511602 0.6"
)
_ELSEWHERE = (
    "深圳 南山区 440305 3|广州 天河区 440106 2.5|上海 浦东新区 310115 3|北京 海淀区 110108 2.5|杭州 西湖区 330106 2|宁波 鄞州区 330212 1.3|"
    "苏州 吴中区 320506 2|南京 江宁区 320115 1.3|武汉 洪山区 420111 1.5|长沙 岳麓区 430104 1.2|西安 雁塔区 610113 1.3|郑州 金水区 410105 1.3|"
    "合肥 蜀山区 340104 1.1|济南 历下区 370102 1.2|青岛 崂山区 370212 1|天津 滨海新区 120116 1|沈阳 和平区 210102 0.8|贵阳 观山湖区 520115 0.8|"
    "昆明 五华区 530102 0.8|南宁 青秀区 450103 0.7|厦门 湖里区 350206 0.8|福州 鼓楼区 350102 0.8|南昌 红谷滩区 360113 0.7|兰州 城关区 620102 0.4"
)


def _places() -> tuple[Place, ...]:
    places = []
    for region, listed, share in (("chongqing", _CHONGQING, 60.0), ("sichuan", _SICHUAN, 12.0), ("other_cn", _ELSEWHERE, 28.0)):
        rows = [entry.split(" ") if region != "chongqing" else ["重庆", *entry.split(" ")] for entry in listed.split("|")]
        total = sum(float(row[3]) for row in rows)
        places += [Place(region, city, district, code, share * float(weight) / total) for city, district, code, weight in rows]
    return tuple(places)


PLACES = _places()
REGIONS = ("chongqing", "sichuan", "other_cn")
REGION_OF = np.array([REGIONS.index(place.region) for place in PLACES], dtype=np.uint8)
_WHERE = weighted([place.weight for place in PLACES])

_FIRST = "沐岚澄砚禾霁峤栩汀朔暄翊煦澜璟珩钰昱旻烨泓沣洺淼渝巴嘉铭辰曜霖骁翰骏睿"
_SECOND = "川桥舟榆屿原泽峰源程远驰达通升坤和谷野亭渡岭湾湄石岩松柏荷桐梓楠"
_BRANDS = pl.Series([first + second for first in _FIRST for second in _SECOND])


def places(draws: Draws) -> Array:
    """Return the place of each firm, a position in `PLACES`."""
    return draws.pick(_WHERE)


def names(draws: Draws, place: Array, small_trader: Array, words: pl.Series, word: Array, endings: pl.Series, ending: Array) -> pl.Series:
    """Return names made of place, brand, trade and legal form; small traders carry their district, others their city."""
    cities = pl.Series([one.city for one in PLACES] + [one.district for one in PLACES])
    brand = (draws.share() * len(_BRANDS)).astype(np.uint32)
    parts = [
        cities.gather(place.astype(np.uint32) + np.where(small_trader, len(PLACES), 0).astype(np.uint32)),
        _BRANDS.gather(brand),
        words.gather(word.astype(np.uint32)),
        endings.gather(ending.astype(np.uint32)),
    ]
    return pl.select(pl.concat_str(parts)).to_series()


_PREFIXES = {"company": "91", "self_employed": "92", "cooperative": "93", "none": "Y1"}
PREFIXES = tuple(_PREFIXES)
_LETTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_SERIALS = len(ALPHABET) ** 6
_STRIDE = 347_192_881
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_CODE_WEIGHTS = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28])


def codes(seed: int, first: int, place: Array, prefix: Array) -> pl.Series:
    """Return the unified social credit code of each firm, no two alike in one population.

    `first` is the position of the first firm in the population, `prefix` a position in `PREFIXES`. Serial numbers
    step through all there are, 31 ** 6 for each of 21 series, before one comes again.
    """
    rows = len(place)
    position = first + np.arange(rows, dtype=np.int64)
    serial = (position * _STRIDE + seed * 7_919) % _SERIALS
    values = np.empty((rows, 17), dtype=np.int64)
    values[:, :2] = np.array([[ALPHABET.index(letter) for letter in two] for two in _PREFIXES.values()])[prefix]
    values[:, 2:8] = np.array([[int(figure) for figure in one.code] for one in PLACES])[place]
    values[:, 8] = ALPHABET.index("M")
    values[:, 9] = 10 + position // _SERIALS % 21
    for column in range(15, 9, -1):
        serial, values[:, column] = np.divmod(serial, len(ALPHABET))

    letters = np.empty((rows, 18), dtype=np.uint8)
    letters[:, :16] = _LETTERS[values[:, :16]]
    weighed = _worth(letters[:, 8:16]) @ _ORGANISATION_WEIGHTS
    check = (11 - weighed % 11) % 11
    letters[:, 16] = np.where(check == 10, ord("X"), ord("0") + check)
    values[:, 16] = np.where(check == 10, ALPHABET.index("X"), check)
    letters[:, 17] = _LETTERS[(31 - values @ _CODE_WEIGHTS % 31) % 31]

    ends = np.arange(0, 18 * (rows + 1), 18, dtype=np.int64)
    return pl.Series(pa.Array.from_buffers(pa.large_string(), rows, [None, pa.py_buffer(ends), pa.py_buffer(letters)]))


def _worth(letters: Array) -> Array:
    """Return what the characters of an organisation code count (GB 11714): figures themselves, A to Z 10 to 35."""
    return np.where(letters < ord("A"), letters - ord("0"), letters - ord("A") + 10).astype(np.int64)
