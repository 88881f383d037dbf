"""What survey tables call things, in Chinese and English, and what they mean by them."""

from __future__ import annotations

import re

POINT_ALIASES: dict[str, str] = {
    "name": (
        "管点编号 物探点号 管点号 检查井编号 井编号 井号 节点编号 点号 编号 name id node node_id nodeid "
        "manhole manhole_id point_id exp_no"
    ),
    "x": "x x坐标 横坐标 东坐标 经度 easting east x_coordinate lon longitude",
    "y": "y y坐标 纵坐标 北坐标 纬度 northing north y_coordinate lat latitude",
    "rim": (
        "地面高程 地面标高 井盖高程 井口高程 井面高程 地面 rim rim_level ground_level ground "
        "ground_elevation surface_level surf_h rim_elevation cover_level"
    ),
    "invert": (
        "井底高程 井底标高 管底高程 管底标高 管内底高程 井底 invert invert_level invert_elevation "
        "bottom_level chamber_floor_level elev elevation"
    ),
    "depth": "井深 井底深度 井底埋深 埋深 管底埋深 depth full_depth manhole_depth max_depth",
    "kind": "附属物 附属物类型 附属物名称 特征 点类型 类型 kind type node_type feature subsid",
    "system": "管线种类 管线类型 管类 排水类型 种类 system system_type tag",
    "stage": "排口水位 外水位 受纳水位 stage level",
    "surcharge_depth": "surcharge_depth",
    "ponded_area": "ponded_area",
    "initial_depth": "initial_depth",
    "flap": "拍门 flap flap_gate",
}
"""Names of the columns of points, parted by blanks; the first that a table has counts."""
LINE_ALIASES: dict[str, str] = {
    "name": "管段编号 管线编号 管道编号 管段号 编号 name id link link_id pipe pipe_id conduit conduit_id",
    "start": (
        "起点 起点编号 起点点号 起始点号 起点号 起点井号 上游井号 上游节点 上游编号 起始井号 本点号 start "
        "start_node from from_node us_node us_node_id upstream_node s_point node1"
    ),
    "end": (
        "终点 终点编号 终点点号 终止点号 终点号 终点井号 下游井号 下游节点 下游编号 终止井号 连接点号 "
        "连向点号 end end_node to to_node ds_node ds_node_id downstream_node e_point node2"
    ),
    "size": "管径 断面尺寸 管径或断面尺寸 断面 规格 尺寸 diameter size dn d_s psize pipe_diameter",
    "height": "管高 断面高 高 height conduit_height geom1",
    "width": "管宽 断面宽 宽 width conduit_width geom2",
    "size3": "size3 geom3",
    "size4": "size4 geom4",
    "shape": "断面形式 断面形状 断面类型 shape section conduit_shape",
    "material": "材质 管材 材料 管道材质 material pipe_material conduit_material",
    "roughness": "糙率 粗糙系数 曼宁系数 曼宁糙率 n roughness manning mannings_n manning_n",
    "invert_start": (
        "起点管底高程 起点管内底高程 起点管底标高 起点高程 起点内底高程 上游管底高程 上游管底标高 "
        "起始管底高程 invert_start us_invert start_invert upstream_invert s_invert"
    ),
    "invert_end": (
        "终点管底高程 终点管内底高程 终点管底标高 终点高程 终点内底高程 下游管底高程 下游管底标高 "
        "终止管底高程 invert_end ds_invert end_invert downstream_invert e_invert"
    ),
    "depth_start": "起点埋深 起始埋深 上游埋深 起点深度 depth_start s_deep us_depth start_depth",
    "depth_end": "终点埋深 终止埋深 下游埋深 终点深度 depth_end e_deep ds_depth end_depth",
    "offset_start": "offset_start",
    "offset_end": "offset_end",
    "length": "管长 长度 管段长度 length conduit_length",
    "system": "管线种类 管线类型 管类 排水类型 种类 类型 system system_type tag",
    "barrels": "孔数 barrels number_of_barrels",
    "kind": "kind link_kind",
    "flap": "拍门 flap flap_gate",
    "loss_entry": "loss_entry",
    "loss_exit": "loss_exit",
}
"""Names of the columns of lines."""

OUTFALL_WORDS = ("出水口", "排放口", "排口", "排出口", "出口", "入河口", "outfall", "outlet")
STORAGE_WORDS = ("调蓄池", "蓄水池", "storage", "tank")

MATERIALS: dict[str, float] = {
    "钢筋混凝土": 0.014, "混凝土": 0.014, "水泥": 0.014, "钢砼": 0.014, "砼": 0.014, "concrete": 0.014, "rcp": 0.014,
    "rc": 0.014, "hdpe": 0.010, "upvc": 0.010, "pvc": 0.010, "pe": 0.010, "塑料": 0.010, "波纹管": 0.010,
    "玻璃钢": 0.010, "grp": 0.010, "plastic": 0.010, "球墨": 0.012, "铸铁": 0.012, "ductile": 0.012, "iron": 0.012,
    "钢": 0.012, "steel": 0.012, "砖": 0.015, "brick": 0.015, "浆砌": 0.017, "干砌": 0.025, "块石": 0.017,
    "石砌": 0.017, "masonry": 0.017, "土": 0.030, "earth": 0.030,
}  # fmt: skip
"""Manning's n by material, the rougher end of GB 50014-2021 5.2.3; the first word that a material contains counts."""
UNKNOWN_MATERIAL = 0.014

_UNIT = re.compile(r"[(（\[]\s*(mm|cm|m|毫米|厘米|米)\s*(?:[)）\]]|$)", re.IGNORECASE)
UNIT_WORDS = {"mm": "mm", "毫米": "mm", "cm": "cm", "厘米": "cm", "m": "m", "米": "m"}


def plain(column: str) -> str:
    """A column name without units in brackets, blanks and marks, in small letters."""
    return re.sub(r"[\s\-./:：]+", "_", _UNIT.sub("", column).strip().lower()).strip("_")


def unit_in(column: str) -> str:
    """The unit of length that a column names in brackets, or an empty text."""
    match = _UNIT.search(column)
    return UNIT_WORDS[match.group(1).lower()] if match else ""


def match_columns(header: tuple[str, ...], aliases: dict[str, str], *, cut: bool = False) -> dict[str, str]:
    """Column for each field whose aliases name one; the order of the aliases decides between several.

    With ``cut`` the columns may be cut to 10 bytes of GBK or UTF-8, as they are in shapefiles.
    """
    named = {plain(column): column for column in reversed(header) if column}
    found: dict[str, str] = {}
    for field, words in aliases.items():
        forms = (form for word in words.split() for form in (_cut_forms(plain(word)) if cut else (plain(word),)))
        column = next((named[form] for form in forms if form in named), None)
        if column is not None and column not in found.values():
            found[field] = column
    return found


def _cut_forms(word: str) -> tuple[str, ...]:
    """A name as it is and as dBASE cuts it; a character that is cut in half is lost."""
    return (word, *(word.encode(code)[:10].decode(code, "ignore") for code in ("gbk", "utf-8")))


def roughness_of(material: str, table: dict[str, float]) -> float | None:
    """Manning's n of a material by the first word of the table it contains; None where it contains none."""
    text = material.lower()
    return next((n for word, n in table.items() if word.lower() in text), None)
