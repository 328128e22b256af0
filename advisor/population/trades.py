"""The trades of synthetic firms: their industry code, weight, money figures, technology, sectors and words in names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from advisor.population.draws import NOTHING, Array


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade; the figures are medians of its firms."""

    code: str
    """GB/T 4754-2017."""
    industry: str
    weight: float
    staff: float
    sales: float
    """Sales a head, in thousand CNY."""
    margin: float
    """Net margin of a mature firm."""
    credit_days: float
    stock_days: float
    fixed: float
    """Fixed assets to yearly sales."""
    technology: float
    """Share of companies that do research."""
    export: float
    """Share of firms that export."""
    sectors: tuple[str, ...]
    words: tuple[str, ...]


_WRITTEN = """
A0111 agriculture 1.6 6 180 .06 20 60 .9 .02 .01 -,food_agri 粮油种植,生态农业
A0141 agriculture 1.6 5 160 .06 15 20 .9 .02 .02 -,food_agri 蔬菜种植,农业开发
A0151 agriculture 1.2 5 170 .07 15 30 1.0 .02 .02 -,food_agri 果业,果蔬种植
A0313 agriculture 1.2 6 300 .05 20 90 1.1 .03 .00 -,food_agri 畜牧养殖,牧业
C1371 industry .8 16 450 .04 45 60 .5 .10 .08 food_agri,- 农产品加工,食品
C1495 industry .6 18 600 .05 45 50 .5 .18 .08 food_agri,food_agri;biomedicine 食品科技,食品配料
C1811 industry .6 22 300 .03 50 70 .3 .05 .25 -,green_consumption 服饰,制衣
C2110 industry .5 16 350 .03 45 60 .4 .06 .15 -,green_consumption 家具,家居制造
C2319 industry .5 14 400 .04 70 35 .5 .08 .02 - 包装,印务
C2614 industry .4 30 1100 .05 60 45 .9 .30 .15 new_material,- 化工,新材料
C2710 industry .2 45 800 .08 80 90 .9 .60 .20 biomedicine 制药,药业
C2762 industry .2 35 600 .06 80 90 1.1 .85 .10 biomedicine,biomedicine;future_industry 生物技术,生物医药
C2929 industry .8 20 500 .04 80 45 .5 .18 .12 new_material,-,new_energy_vehicle 塑料制品,塑胶
C3021 industry .6 22 700 .04 110 25 .8 .08 .00 -,green_consumption 建材,水泥制品
C3130 industry .2 70 2200 .02 45 40 .7 .25 .10 new_material,- 特钢,金属材料
C3252 industry .3 50 1600 .03 60 45 .7 .35 .20 new_material,new_material;new_energy_vehicle 铝业,轻合金
C3311 industry 1.2 14 550 .04 90 50 .4 .12 .05 -,high_end_equipment 钢构,金属制品
C3421 industry .4 24 550 .05 100 110 .6 .55 .15 machine_tool,machine_tool;high_end_equipment 机床,精密机械
C3484 industry 1.6 16 480 .05 95 60 .6 .28 .12 high_end_equipment,-,new_energy_vehicle 机械制造,精密零部件
C3562 industry .3 30 650 .06 110 120 .5 .80 .12 integrated_circuit;high_end_equipment,integrated_circuit 半导体设备,微电子装备
C3581 industry .4 26 600 .07 90 90 .5 .70 .12 medical_device,medical_device;biomedicine 医疗器械,医疗科技
C3591 industry .4 20 650 .05 130 60 .4 .50 .05 energy_saving,energy_saving;high_end_equipment 环保设备,环境科技
C3612 industry .1 220 1800 .02 60 40 .9 .90 .30 new_energy_vehicle,new_energy_vehicle;future_industry 新能源汽车,汽车制造
C3670 industry 1.8 34 650 .04 105 45 .7 .35 .15 new_energy_vehicle,-,new_energy_vehicle;high_end_equipment 汽车零部件,汽车配件
C3752 industry .8 26 600 .04 85 45 .5 .25 .30 -,high_end_equipment 摩托车配件,动力机械
C3841 industry .2 60 1100 .04 100 70 .9 .75 .25 new_energy,new_energy;new_energy_vehicle 储能科技,电池材料
C3913 industry .3 80 1500 .03 75 40 .5 .55 .40 electronics 电脑配件,智能终端
C3963 industry .1 22 600 .05 90 80 .5 .85 .15 aerospace_lowaltitude,aerospace_lowaltitude;future_industry 航空科技,无人机
C3973 industry .1 90 900 .05 80 90 1.6 .95 .30 integrated_circuit,integrated_circuit;electronics 集成电路,微电子
C3982 industry .6 36 650 .05 100 55 .7 .55 .30 electronics,electronics;integrated_circuit 电子,电路科技
C4210 industry .3 14 900 .03 45 40 .4 .15 .02 energy_saving,green_consumption 再生资源,循环科技
B1011 industry .3 20 600 .07 70 30 1.1 .03 .00 - 矿业,石材
D4416 industry .15 14 1500 .12 90 2 4.0 .15 .00 new_energy,new_energy;energy_saving 新能源发电,光伏发电
D4430 industry .1 40 1000 .05 40 10 2.5 .08 .00 energy_saving,- 热力,能源服务
E4710 construction 2.6 22 600 .025 150 40 .15 .05 .01 - 建设工程,建筑工程
E4910 construction 1.8 10 500 .035 130 30 .1 .06 .01 -,energy_saving 机电安装,安装工程
E5011 construction 2.2 8 450 .035 110 25 .08 .03 .00 - 装饰工程,装饰设计
F5123 wholesale 2.4 5 1800 .015 30 15 .08 .01 .02 food_agri,- 农产品贸易,果蔬批发
F5164 wholesale 1.8 6 6000 .008 45 25 .05 .01 .04 - 金属材料贸易,供应链管理
F5165 wholesale 3.0 5 2600 .015 75 35 .06 .01 .02 - 建材销售,建材贸易
F5172 wholesale 2.4 6 2600 .015 55 40 .06 .02 .08 - 汽配贸易,商贸
F5176 wholesale 1.8 6 1800 .02 60 30 .06 .06 .05 electronics,digital_consumption 电子贸易,数码科技
F5211 retail 3.0 5 500 .03 8 45 .15 .00 .01 consumer_service,- 百货,超市
F5223 retail 2.6 3 350 .04 4 8 .12 .00 .00 consumer_service,- 生鲜,果蔬
F5251 retail 1.8 5 450 .04 15 55 .1 .00 .00 - 大药房,医药零售
F5292 retail 2.6 4 700 .03 15 30 .08 .04 .10 digital_consumption,- 电子商务,网络科技
G5430 transport 2.4 8 450 .03 60 2 .6 .02 .02 logistics 物流,货运
G5822 transport .7 9 900 .025 55 2 .15 .04 .20 logistics 国际货运代理,多式联运
G5930 storage .5 12 400 .05 45 5 2.2 .03 .03 logistics 仓储,仓储物流
G6020 post .5 16 220 .03 25 1 .3 .01 .00 logistics 快递服务,速递
H6110 accommodation .7 18 170 .03 10 6 2.0 .00 .00 culture_tourism,consumer_service 酒店,宾馆管理
H6130 accommodation .6 4 140 .05 4 4 1.6 .00 .00 culture_tourism 民宿,客栈
H6210 catering 3.2 9 150 .05 4 8 .3 .00 .00 consumer_service,- 餐饮,餐饮管理
H6220 catering 2.0 5 140 .05 3 5 .25 .00 .00 consumer_service,- 小吃,快餐
I6429 info_transmission .8 14 600 .05 60 2 .15 .45 .03 digital_consumption,software 互联网服务,信息技术
I6513 software_it 3.4 12 400 .06 100 5 .1 .50 .03 software,software;ai,- 软件,信息科技
I6520 software_it .2 24 600 .03 90 60 .2 .95 .15 integrated_circuit,integrated_circuit;ai 芯片设计,集成电路设计
I6550 software_it .8 14 450 .05 90 3 .3 .55 .02 ai,software;ai,software 人工智能,数据科技
K7010 real_estate 1.0 18 3500 .05 40 700 1.2 .00 .00 - 置业,房地产开发
K7020 property_mgmt 1.6 24 110 .05 60 2 .15 .00 .00 -,consumer_service 物业服务,物业管理
L7111 leasing_business 1.0 6 400 .06 45 3 1.6 .01 .00 -,logistics 汽车租赁,设备租赁
L7211 leasing_business 1.2 8 700 .08 60 5 2.4 .02 .01 - 产业发展,企业管理
L7251 leasing_business 2.2 6 450 .05 80 2 .08 .05 .01 digital_consumption,- 广告传媒,文化传播
L7281 leasing_business 1.2 7 350 .05 60 2 .08 .02 .01 -,culture_tourism 会展服务,商务服务
L7291 leasing_business .8 8 600 .02 30 1 .08 .01 .03 culture_tourism 旅行社,文旅
M7320 other_unlisted 2.0 10 350 .05 90 8 .3 .55 .03 future_industry,high_end_equipment,new_material 技术研究,科技
M7340 other_unlisted .4 16 350 .02 80 15 .5 .85 .03 biomedicine,biomedicine;future_industry 医学研究,生物科技
M7452 other_unlisted .8 14 300 .07 90 2 .5 .40 .01 -,energy_saving 检测技术,检验检测
M7481 other_unlisted 1.0 8 320 .06 90 2 .1 .20 .01 - 工业设计,设计咨询
N7721 other_unlisted .4 14 500 .05 150 5 1.0 .30 .00 energy_saving 水务,环境治理
N7861 other_unlisted .3 20 180 .05 20 3 2.5 .00 .00 culture_tourism 景区管理,旅游开发
O8040 other_unlisted 2.6 4 110 .07 2 10 .25 .00 .00 consumer_service,- 美容美发,养生
O8053 other_unlisted 1.6 4 160 .05 12 20 .25 .00 .00 consumer_service,- 汽车维修,家政服务
P8391 other_unlisted 1.2 9 140 .06 8 1 .2 .02 .00 education 职业培训,教育咨询
Q8514 other_unlisted .5 16 110 .03 15 3 1.6 .00 .00 elderly_care,elderly_care;consumer_service 养老服务,康养
R8810 other_unlisted .8 7 180 .04 40 3 .2 .02 .01 sports_entertainment,culture_tourism 文化艺术,演艺
R8930 other_unlisted .8 7 150 .04 5 4 .6 .00 .00 sports_entertainment 健身,体育发展
"""


def _trades() -> tuple[Trade, ...]:
    trades = []
    for line in _WRITTEN.split("\n")[1:-1]:
        code, industry, *written, sectors, words = line.split(" ")
        weight, staff, sales, margin, credit_days, stock_days, fixed, technology, export = (float(figure) for figure in written)
        tags = tuple(NOTHING if tag == "-" else tag for tag in sectors.split(","))
        trades.append(
            Trade(code, industry, weight, staff, sales, margin, credit_days, stock_days, fixed, technology, export, tags, tuple(words.split(",")))
        )
    return tuple(trades)


TRADES = _trades()
CODES = tuple(trade.code for trade in TRADES)
INDUSTRIES = tuple(dict.fromkeys(trade.industry for trade in TRADES))
INDUSTRY_OF = np.array([INDUSTRIES.index(trade.industry) for trade in TRADES], dtype=np.uint8)
MAKES = np.array([trade.code.startswith("C") for trade in TRADES])
"""Which trades are manufacturing."""


@lru_cache
def figures(name: str) -> Array:
    """Return one figure of every trade, in the order of `TRADES`."""
    return np.array([getattr(trade, name) for trade in TRADES], dtype=np.float64)


def coded(prefixes: tuple[str, ...]) -> Array:
    """Return which trades have a code that begins in one of these ways."""
    return np.array([trade.code.startswith(prefixes) for trade in TRADES])
