"""The product's own words, Chinese and English, by the ids used in code: families, verdicts, levels, origins."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.domain.text import Text

NO_PROMISE = Text(
    "以上是按公开政策和银行惯例推算的可能性，不是批准，也不保证；以受理机构答复为准。",
    "Possibilities under published policy and bank practice: no approval and no promise; the institution decides.",
)
FAMILY: Mapping[str, Text] = {
    "equity": Text("投 · 股权投资", "Equity"),
    "loan": Text("贷 · 贷款", "Loan"),
    "bond": Text("债 · 债券", "Bond"),
    "listing": Text("股 · 挂牌上市", "Listing"),
    "guarantee": Text("保 · 担保保险", "Guarantee and insurance"),
    "leasing": Text("租 · 租赁", "Leasing"),
    "subsidy": Text("补 · 补贴税惠", "Subsidy and tax relief"),
    "rescue": Text("困 · 纾困重组", "Rescue and restructuring"),
    "service": Text("服 · 服务", "Service"),
}
ELIGIBILITY: Mapping[str, Text] = {
    "eligible": Text("条件相符", "conditions met"),
    "ineligible": Text("条件不符", "conditions not met"),
    "undetermined": Text("还不能判断", "not yet known"),
}
STATUS: Mapping[str, Text] = {
    "live": Text("正在办理的工具", "on offer"),
    "pilot": Text("试点中的工具", "offered as a pilot"),
    "expiring": Text("有截止日期的工具", "offered until a stated date"),
    "proposed": Text("只有提议，尚无办法", "proposed only, no operating rule"),
}
CONFIDENCE: Mapping[str, Text] = {
    "verified": Text("已查到文件或报道", "a document or report was found"),
    "recalled": Text("凭经验，未核实", "from experience, not checked"),
    "assumed": Text("按惯例估计", "assumed from usual practice"),
}
ORIGIN: Mapping[str, Text] = {
    "policy": Text("公开政策", "published policy"),
    "practice": Text("银行惯例", "bank practice"),
    "estimate": Text("本系统估计", "our estimate"),
}
ROLE: Mapping[str, Text] = {
    "hard": Text("必须满足", "required"),
    "any_of": Text("满足其一即可", "one of these routes"),
    "exclude": Text("不得有", "must not apply"),
    "prefer": Text("加分", "preferred"),
    "avoid": Text("不宜", "better not"),
}
WANTED_ROLE: Mapping[str, Text] = {
    **ROLE,
    "exclude": ROLE["hard"],
    "avoid": Text("最好", "better if"),
}
"""The roles where what is shown is what a firm should satisfy, not what it must not."""
COST: Mapping[str, Text] = {
    "earns": Text("钱或税回到企业", "pays the firm"),
    "free": Text("不收费", "free"),
    "low": Text("低于市场价", "below market price"),
    "market": Text("市场价", "market price"),
    "high": Text("成本高", "costly"),
    "dilution": Text("出让股权", "paid in equity"),
}
LEVEL: Mapping[str | None, Text] = {
    "green": Text("绿灯", "green"),
    "amber": Text("黄灯", "amber"),
    "red": Text("红灯", "red"),
    None: Text("情况不足，暂不亮灯", "too little known to say"),
}
EFFORT: Mapping[str, Text] = {"low": Text("容易", "easy"), "medium": Text("要花些力气", "some effort"), "high": Text("难", "hard")}
TIME: Mapping[str, Text] = {
    "weeks": Text("几天到几周", "days to weeks"),
    "months": Text("几个月到一年", "months to a year"),
    "years": Text("一年以上", "more than a year"),
}
WITNESS: Mapping[str, Text] = {
    "statements": Text("现金流量表", "cash-flow statement"),
    "answers": Text("您的回答", "your answers"),
    "rules": Text("阶段规则", "stage rules"),
    "model": Text("统计模型", "learned model"),
    "legal_solvency": Text("法律与偿付事实", "legal and solvency facts"),
}
