"""Words of each format that decide what its loader does; the fuzzer puts them anywhere."""

_XML = (
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>^<!--^-->^<![CDATA[^]]>^&#x0;^&#55296;^&amp;^&lol;^"
    b"<?xml version='1.0' encoding='utf-16'?>^xmlns=''^</^/>^<?xml version='1.1'?>^"
    b"encoding='gbk'^ xml:space='preserve'^&#65533;^&#xFFFE;"
).split(b"^")
_LINKS = (
    b'<Relationship Id="rId1" Type="a/officeDocument" Target="../../x"/>^'
    b'TargetMode="External"^Target="word/document.xml"^Target="/"^Target="%2e%2e/a"^'
    b'Id="rId1"'
).split(b"^")
_WORD = (
    b"<w:p>^</w:p>^<w:tbl>^</w:tbl>^<w:tr>^</w:tr>^<w:tc>^</w:tc>^<w:r>^</w:r>^<w:t>^</w:t>^"
    b"<w:tab/>^<w:br/>^<w:sdt>^</w:sdt>^<w:del>^</w:del>^<w:txbxContent>^</w:txbxContent>^"
    b'<w:showingPlcHdr/>^<w:vMerge w:val="restart"/>^<w:vMerge/>^'
    b'<w:gridSpan w:val="99999"/>^<w:vanish/>^<w:gridBefore w:val="-5"/>^'
    b'<w:outlineLvl w:val="0"/>^<w:pStyle w:val="Heading1"/>^'
    b'<w:sym w:font="Symbol" w:char="F0B7"/>^<w:footnote>^<m:t>^<w:moveFrom>^'
    b'<w:basedOn w:val="Heading1"/>^<w:noBreakHyphen/>^<mc:Fallback>^<w:cr/>'
).split(b"^")
_SLIDE = (
    b"<p:sp>^</p:sp>^<p:grpSp>^</p:grpSp>^<a:p>^</a:p>^<a:t>^</a:t>^<a:tbl>^</a:tbl>^<a:tr>^"
    b'</a:tr>^<a:tc>^</a:tc>^<a:tc vMerge="1">^<a:tc rowSpan="3">^<p:ph type="title"/>^'
    b'<p:ph type="body" idx="1"/>^<a:br/>^<a:off x="-9" y="99999999999999999999"/>^'
    b'<p:cNvPr hidden="1"/>^<a:fld type=\'slidenum\'>^<p:sldId r:id="rId2"/>^'
    b'<dgm:relIds r:dm="rId3"/>^<c:chart/>^</a:fld>'
).split(b"^")
_SHEET = (
    b'<row>^<row r="1048576">^<row r="0">^</row>^<c>^<c r="XFD1048576">^</c>^'
    b'<c r="A1" t="s">^<c t="str">^<c t="b">^<c t="e">^<c t="d">^t="inlineStr"^'
    b"<v>^</v>^<f>A1</f>^<is><t>x</t></is>^<si>^</si>^<rPh>^_x000D_^_xD800_^_xFFFE_^"
    b'<mergeCell ref="A1:XFD1048576"/>^<mergeCell ref="B2:A1"/>^'
    b'<pane ySplit="1" state="frozen"/>^<autoFilter ref="A1:Z9"/>^date1904="1"^'
    b'formatCode="yyyy-mm-dd"^formatCode="[h]:mm:ss.000"^formatCode="# ?/??"^'
    b'formatCode="@"^formatCode="0.00E+00;;;"^formatCode="[Red][&gt;=100]#,##0,,"^'
    b'formatCode="General"^formatCode="[$-804]aaaa"^formatCode="[DBNum1]0"^'
    b'numFmtId="164"^s="1"^<v>2958466</v>^<v>-1</v>^<v>1e999</v>^<v>nan</v>^<v>0.1</v>^'
    b"<v>60</v>^<v>9999999999</v>"
).split(b"^")
_HTML = (
    b"<table>^</table>^<tr>^<td>^<th>^<p>^</p>^<div>^</div>^<b>^</b>^<i>^<a>^</a>^<ul>^<li>^"
    b"<h1>^</h2>^<pre>^</pre>^<svg>^</svg>^<math>^<template>^</template>^<select>^<option>^<br>^"
    b"<textarea>^<title>^</title>^<script>^</script>^<style>^<plaintext>^<noscript>^<iframe>^"
    b"<frameset>^<form>^<button>^<nobr>^<caption>^<foreignObject>^<desc>^<dialog>^<ruby><rt>^"
    b'<body>^</body>^<html>^<meta charset="gbk">^<meta charset="utf-7">^'
    b'<meta charset="x-user-defined">^&#0;^&nbsp^&#x110000;^&notin;^<!--^--!>^<!^'
    b'<?xml encoding=\'big5\'?>^</^<![CDATA[^ hidden="until-found"^ style="display:none"^'
    b' colspan="99999"^<hr/>'
).split(b"^")
_MAIL = (
    b"\r\n\r\n^Subject: ^From: ^Content-Type: multipart/mixed; boundary=x\r\n^--x\r\n^--x--\r\n^"
    b"Content-Type: text/html\r\n^Content-Transfer-Encoding: base64\r\n^"
    b"Content-Transfer-Encoding: x-uuencode\r\n^charset=gb2312^charset=utf-16^charset=hz^"
    b"charset=utf-7^charset=\"\xff\"^charset*=utf-8''x^filename*0*=gbk''%b4%ac; filename*1=x^"
    b"=?utf-8?B?5Zu+?=^=?gbk?q?=B4=AC?=^=?x?b?!!?=^=?utf-8?b?=?=^=\r\n^=ZZ^"
    b"Content-Type: message/rfc822\r\n\r\n^Content-Type: multipart/alternative\r\n^"
    b'format=flowed^begin 644 x\r\n^Content-Disposition: attachment; filename="a\r\n b"\r\n^'
    b"\r\n ^:^Content-Type: text/plain; charset=iso-2022-jp\r\n^"
    b"Content-Type: message/partial\r\n^Content-Type: message/delivery-status\r\n^"
    b"Content-Type: multipart/digest; boundary=x\r\n"
).split(b"^")
_JSON = (
    b'{^}^[^]^,^:^"^\\^"\\ud800"^"\\u0000"^null^NaN^-Infinity^1e999^{"a":^[[^]]^'
    b'"title":^\n^//^\xe2\x80\xa8^true^"\\ufffd"^-^'
    b"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000^"
    b'{}^[]^""'
).split(b"^")
_CSV = (
    b'"^""^,^;^\t^|^\n^\r^\r\n^sep=,\n^\x00^"\n"^\'^2024-01-02^1,234.5^-5%^'
    b"=cmd|' /C calc'!A0^\x1f^\x0b^\xe2\x80\xa9"
).split(b"^")
_TEXT = (
    b"\n# ^\n## ^\n```\n^\n~~~~\n^\n\n^\r^\x0c^\x1b^\x1a^\xe3\x80\x82^. ^e.g. ^1. ^"
    b"\xe7\xac\xac\xe4\xb8\x80\xe7\xab\xa0 ^\xe2\x80\xa6^\x85^---^\xa3\xac^\xa1\xa3^\x80^\xff^"
    b"~{^+AGE-^[x](y)^**^| a | b |\n"
).split(b"^")
_PDF = (
    b"<<^>>^[^]^(^)^<^>^endobj^stream\n^endstream^obj^ 1 0 R^ 2 0 R^ 99999 0 R^/Type/Page^"
    b"/Type/Pages^/Kids^/Count 999999999^/Parent^/Contents^/Resources^/XObject^/Subtype/Form^"
    b"/Font^/ToUnicode^/Filter/FlateDecode^/Filter[/ASCIIHexDecode/LZWDecode]^"
    b"/Filter/JBIG2Decode^/Predictor 12^/Filter/DCTDecode^/Filter/JPXDecode^"
    b"/Filter/CCITTFaxDecode^/Length 2147483647^/Rotate 90^/Rotate 45^/MediaBox[0 0 1e38 -1e38]^"
    b"/MediaBox[0 0 0 0]^/UserUnit 1e9^/Encrypt^/Outlines^/First^/Next^/Dests^/AcroForm^/Annots^"
    b"/AP^/N^/JS(app.alert(1))^/S/Launch^/OpenAction^/Encoding/Identity-H^/W[0[1e9]]^/DW -1^"
    b"/Prev 0^/XRefStm 9^/Type/ObjStm^/Type/XRef^startxref\n0\n^xref\n0 99999999\n^BT ^ ET^ Tj^"
    b" TJ^ Tf^ Td^ Tm^ Do^ q^ Q^ cm^ BI ID EI^1e38 0 0 1e38 0 0 cm ^0 0 0 0 0 0 Tm ^/F1 1e9 Tf ^"
    b"/F1 0 Tf ^[(a)-1e9(b)]TJ ^3 Tr ^1e9 Tc ^-1000 Tz ^/Fm0 Do ^"
    b"beginbfchar <01> <D800> endbfchar ^beginbfrange <00> <FFFF> <FFFD> endbfrange ^"
    b"begincodespacerange <00000000> <FFFFFFFF> "
).split(b"^")
WORDS: dict[str, list[bytes]] = {
    "csv": _CSV,
    "docx": [*_XML, *_LINKS, *_WORD],
    "eml": [*_MAIL, *_HTML[:12]],
    "epub": [*_XML, *_HTML, b'<itemref idref="a"/>', b'href="../x"', b'properties="nav"'],
    "html": [*_HTML, *_XML[:8]],
    "json": _JSON,
    "jsonl": _JSON,
    "md": _TEXT,
    "pdf": _PDF,
    "pptx": [*_XML, *_LINKS, *_SLIDE],
    "txt": _TEXT,
    "xlsx": [*_XML, *_LINKS, *_SHEET],
}
